//! The cookies of this module. None can be read by a script, or sent by another site's form.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::AppendHeaders,
};
use cookie::{Cookie, SameSite, time::Duration};
use kernel::{AppState, config::Environment};

pub const SESSION: &str = "session";
pub const DEVICE: &str = "device";
/// The token of a mailed link, between the request that brings it and the form that uses it.
pub const LINK: &str = "link";
/// A login that waits for a step.
pub const PENDING: &str = "pending";

/// Headers for an answer.
pub type Cookies = AppendHeaders<Vec<(HeaderName, HeaderValue)>>;

/// Browsers let nobody but this host set a cookie with the prefix, over HTTPS: development has none.
fn full_name(state: &AppState, name: &str) -> String {
    let prefix = if state.config.environment == Environment::Production { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

/// The value of a cookie that was sent.
pub fn read(state: &AppState, headers: &HeaderMap, name: &str) -> Option<String> {
    let name = full_name(state, name);
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse_encoded).flatten();
    Some(cookies.find(|cookie| cookie.name() == name)?.value().to_owned())
}

/// A cookie that lasts for a time, or until the browser is closed.
pub fn set(state: &AppState, name: &str, value: &str, age: Option<Duration>) -> (HeaderName, HeaderValue) {
    let cookie = Cookie::build((full_name(state, name), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.config.environment == Environment::Production);
    let cookie = age.into_iter().fold(cookie, cookie::CookieBuilder::max_age);
    let text = cookie.build().encoded().to_string();
    (header::SET_COOKIE, HeaderValue::try_from(text).expect("an encoded cookie is plain ASCII"))
}

/// Makes the browser forget a cookie.
pub fn forget(state: &AppState, name: &str) -> (HeaderName, HeaderValue) {
    set(state, name, "", Some(Duration::ZERO))
}
