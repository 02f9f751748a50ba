use std::convert::Infallible;

use axum::{extract::FromRequestParts, extract::OriginalUri, http::request::Parts};
use kernel::{APP_NAME, AppState, Link, Place, Visitor};

use crate::assets;

/// HTML that a module adds to every page: `Module::add(Fragment(…))`. It may be nothing, as when there is no message.
#[derive(Clone, Copy, Debug)]
pub struct Fragment(pub Region, pub fn(&AppState, &Parts) -> Option<String>);

/// Where in the layout a [`Fragment`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Among the metadata.
    Head,
    /// After the main menu.
    Header,
    /// Above the content.
    Main,
    Footer,
}

/// What the layout needs to know. An extractor: a handler takes it as an argument and hands it to its template.
#[derive(Clone, Debug)]
pub struct Page {
    pub app_name: &'static str,
    pub stylesheet: &'static str,
    pub icon: &'static str,
    /// The entries of all menus that this visitor gets to see.
    pub links: Vec<Link>,
    pub visitor: Option<Visitor>,
    /// The fragments of each [`Region`].
    pub head: String,
    pub header: String,
    pub main: String,
    pub footer: String,
    path: String,
}

impl Page {
    pub(crate) fn new(state: &AppState, request: &Parts) -> Self {
        let visitor: Option<&Visitor> = request.extensions.get();
        let fragments = |region| -> String {
            let here = state.all().iter().filter(|Fragment(place, _)| *place == region);
            here.filter_map(|Fragment(_, render)| render(state, request)).collect()
        };
        let uri = request.extensions.get().map_or(&request.uri, |OriginalUri(uri)| uri);
        Self {
            app_name: APP_NAME,
            stylesheet: &assets::STYLESHEET.path,
            icon: &assets::ICON.path,
            links: state.all().iter().filter(|link: &&Link| (link.show)(visitor)).copied().collect(),
            visitor: visitor.cloned(),
            head: fragments(Region::Head),
            header: fragments(Region::Header),
            main: fragments(Region::Main),
            footer: fragments(Region::Footer),
            path: uri.path().to_owned(),
        }
    }

    /// The entries of one menu.
    pub fn menu(&self, place: Place) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.place == place)
    }

    /// Whether this page is the one that `link` leads to, or below it.
    #[must_use]
    pub fn is_in(&self, link: &Link) -> bool {
        self.path.strip_prefix(link.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromRequestParts<AppState> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(request: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::new(state, request))
    }
}
