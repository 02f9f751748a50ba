//! What pages are put together from, besides the macros in `templates/`.
//!
//! Messages that survive a redirect, the way back to a list, the choice of a theme, and `/dev/ui`, which shows all of it.

pub mod flash;
mod gallery;
mod next;
mod theme;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite, time::Duration};
use kernel::{AppState, Area, Module, Policy, Stage, config::Environment};

use axum::middleware::from_fn_with_state;

use crate::{Fragment, Region};

pub use next::Next;

/// Flash messages and the theme for the pages of all modules, and the gallery.
pub fn module() -> Module {
    Module::new("components")
        .pages(Policy::PUBLIC, gallery::routes().merge(theme::routes()))
        .add(Fragment(Region::Head, theme::scheme))
        .add(Fragment(Region::Main, flash::show))
        .add(Fragment(Region::Footer, theme::buttons))
        .layer(Stage::Content, |router, area, state| match area {
            Area::Api => router,
            Area::Pages => router.layer(from_fn_with_state(state.clone(), flash::carry)),
        })
}

/// The value of a cookie.
fn read_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse_encoded).flatten();
    Some(cookies.find(|cookie| cookie.name() == name)?.value().to_owned())
}

/// A `set-cookie` header. An age of zero makes the browser forget the cookie.
fn write_cookie(state: &AppState, name: &str, value: &str, age: Duration) -> HeaderValue {
    let cookie = Cookie::build((name, value))
        .path("/")
        .max_age(age)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.config.environment == Environment::Production);
    HeaderValue::try_from(cookie.build().encoded().to_string()).expect("an encoded cookie is plain ASCII")
}
