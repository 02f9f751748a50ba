use std::{convert::Infallible, sync::Arc};

use axum::{extract::FromRequestParts, extract::OriginalUri, http::request::Parts};
use kernel::{APP_NAME, AppState, Link};

use crate::assets;

/// What the layout needs to know. An extractor: a handler takes it as an argument and hands it to its template.
#[derive(Clone, Debug)]
pub struct Page {
    pub app_name: &'static str,
    pub stylesheet: &'static str,
    pub icon: &'static str,
    pub links: Arc<[Link]>,
    path: String,
}

impl Page {
    pub(crate) fn new(state: &AppState, request: &Parts) -> Self {
        let uri = request.extensions.get().map_or(&request.uri, |OriginalUri(uri)| uri);
        Self {
            app_name: APP_NAME,
            stylesheet: &assets::STYLESHEET.path,
            icon: &assets::ICON.path,
            links: Arc::clone(&state.navigation),
            path: uri.path().to_owned(),
        }
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
