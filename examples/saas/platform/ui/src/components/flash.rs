//! A message that survives a redirect: the next page shows it, once.
//!
//! It travels in a cookie that lives for a minute. Whoever forges that cookie writes plain text to themselves.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use askama::Template;
use axum::{
    Extension,
    extract::{Request, State},
    http::{header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use cookie::time::Duration;
use kernel::AppState;

use super::{read_cookie, write_cookie};

const COOKIE: &str = "flash";

/// Browsers refuse cookies above 4 KB; a character may take 12 bytes there.
const MAX_CHARACTERS: usize = 300;

#[derive(Clone, Debug, Template)]
#[template(path = "flash.html")]
pub struct Flash {
    pub kind: Kind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Success,
    Info,
    Error,
}

/// Something has been done.
pub fn success(text: impl Into<String>) -> Flash {
    Flash { kind: Kind::Success, text: text.into() }
}

/// Something is worth knowing.
pub fn info(text: impl Into<String>) -> Flash {
    Flash { kind: Kind::Info, text: text.into() }
}

/// Something has not been done.
pub fn error(text: impl Into<String>) -> Flash {
    Flash { kind: Kind::Error, text: text.into() }
}

impl Flash {
    /// Sends the browser to a page, which shows the message.
    #[must_use]
    pub fn redirect(self, path: &str) -> Response {
        (Extension(self), Redirect::to(path)).into_response()
    }

    fn parse(cookie: &str) -> Option<Self> {
        let (kind, text) = cookie.split_once(':')?;
        let kind = [Kind::Success, Kind::Info, Kind::Error].into_iter().find(|known| known.to_string() == kind)?;
        Some(Self { kind, text: text.to_owned() })
    }

    fn to_cookie(&self) -> String {
        let text: String = self.text.chars().take(MAX_CHARACTERS).collect();
        format!("{}:{text}", self.kind)
    }
}

impl Kind {
    #[must_use]
    pub fn is_error(self) -> bool {
        self == Self::Error
    }
}

/// The name in the cookie, and the class of the message on the page.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Success => "success",
            Self::Info => "info",
            Self::Error => "error",
        })
    }
}

/// A message that no page has shown yet.
#[derive(Clone)]
struct Waiting(Arc<Mutex<Option<Flash>>>);

impl Waiting {
    fn take(&self) -> Option<Flash> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The message for the page that a request asks for.
pub(super) fn show(_: &AppState, request: &Parts) -> Option<String> {
    request.extensions.get().and_then(Waiting::take)?.render().ok()
}

/// Reads the cookie before a page is made, and writes it after: a new message, or none once a page has shown the old one. A
/// handler that takes a page and then fails or redirects has shown nothing: the message waits for the page that comes next.
pub(super) async fn carry(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let arrived = read_cookie(request.headers(), COOKIE).and_then(|cookie| Flash::parse(&cookie));
    let waiting = arrived.map(|flash| Waiting(Arc::new(Mutex::new(Some(flash)))));
    if let Some(waiting) = &waiting {
        request.extensions_mut().insert(waiting.clone());
    }
    let mut response = next.run(request).await;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_page = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let was_shown = is_page && waiting.is_some_and(|waiting| waiting.take().is_none());
    let cookie = match response.extensions_mut().remove::<Flash>() {
        Some(flash) => write_cookie(&state, COOKIE, &flash.to_cookie(), Duration::MINUTE),
        None if was_shown => write_cookie(&state, COOKIE, "", Duration::ZERO),
        None => return response,
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
