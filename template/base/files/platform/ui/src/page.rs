use std::convert::Infallible;

use axum::{extract::FromRequestParts, extract::OriginalUri, http::request::Parts};
use kernel::{APP_NAME, AppState, Link, Place, Visitor};

use crate::assets;
// @slot uses

/// What the layout needs to know. An extractor: a handler takes it as an argument and hands it to its template.
#[derive(Clone, Debug)]
pub struct Page {
    pub app_name: &'static str,
    pub stylesheet: &'static str,
    pub icon: &'static str,
    /// The entries of all menus that this visitor gets to see.
    pub links: Vec<Link>,
    pub visitor: Option<Visitor>,
    path: String,
    // @slot fields
}

impl Page {
    pub(crate) fn new(state: &AppState, request: &Parts) -> Self {
        let visitor: Option<&Visitor> = request.extensions.get();
        let uri = request.extensions.get().map_or(&request.uri, |OriginalUri(uri)| uri);
        Self {
            app_name: APP_NAME,
            stylesheet: &assets::STYLESHEET.path,
            icon: &assets::ICON.path,
            links: state.all().iter().filter(|link: &&Link| (link.show)(visitor)).copied().collect(),
            visitor: visitor.cloned(),
            path: uri.path().to_owned(),
            // @slot values
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
