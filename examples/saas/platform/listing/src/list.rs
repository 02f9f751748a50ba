use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ListQuery, Listed};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page, if there is one.
    #[schema(required)]
    pub next: Option<String>,
    /// The `cursor` of the page before, if there is one.
    #[schema(required)]
    pub previous: Option<String>,
    /// What was asked for.
    #[serde(skip)]
    #[schema(ignore)]
    pub query: ListQuery<T>,
}

impl<T: Listed> List<T> {
    #[must_use]
    pub fn next_url(&self) -> Option<String> {
        self.next.as_deref().map(|cursor| self.query.cursor_url(Some(cursor)))
    }

    #[must_use]
    pub fn previous_url(&self) -> Option<String> {
        self.previous.as_deref().map(|cursor| self.query.cursor_url(Some(cursor)))
    }

    /// Whether this page is the whole list.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.query.is_first_page() && self.next.is_none()
    }

    /// The value of the header `Link` (RFC 8288).
    fn links(&self) -> String {
        let links = [("first", Some(self.query.first_url())), ("prev", self.previous_url()), ("next", self.next_url())];
        let links = links.into_iter().filter_map(|(rel, url)| Some(format!("<{}>; rel=\"{rel}\"", url?)));
        links.collect::<Vec<_>>().join(", ")
    }
}

/// As an answer it is JSON, with the addresses of the pages around it in the header `Link`.
impl<T: Listed + Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        ([(header::LINK, self.links())], Json(self)).into_response()
    }
}
