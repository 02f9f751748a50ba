//! The way to refuse notifications, in one step (RFC 8058). Scanners follow links, so looking at the page changes nothing.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Html,
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::{AppState, Error, Result, Routes, database};
use mailer::Stream;
use serde::Deserialize;
use signing::Signer;
use ui::Page;

use crate::{
    store::{self, Email},
    suppression::{self, Reason},
};

const PATH: &str = "/mail/unsubscribe";
const PURPOSE: &str = "email.unsubscribe";

pub fn routes() -> Routes {
    Routes::new().route(PATH, get(ask).post(unsubscribe))
}

/// Where the recipient of a notification refuses more of its kind. Other mail has no such address.
pub fn url(state: &AppState, email: &Email) -> Option<String> {
    let is_notification = email.stream == Stream::Notification.name();
    is_notification.then(|| {
        let what = format!("{} {}", email.template, email.to_key);
        let signature = state.service::<Signer>().sign(PURPOSE, &what);
        state.config.public_url.join(&format!("{PATH}?token={}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(what)))
    })
}

/// It refuses one kind of mail for one address, and is good for nothing else.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

impl Token {
    /// The kind of mail, and the key of the address.
    fn open(&self, state: &AppState) -> Result<(String, String)> {
        let open = || {
            let (what, signature) = self.token.split_once('.')?;
            let what = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(what).ok()?).ok()?;
            let is_ours = state.service::<Signer>().verify(PURPOSE, &what, signature);
            let (template, to_key) = what.split_once(' ').filter(|_| is_ours)?;
            Some((template.to_owned(), to_key.to_owned()))
        };
        open().ok_or_else(|| {
            let text = "This link is not complete. Follow it from the mail, or copy all of it.";
            Error::Refused(StatusCode::BAD_REQUEST, text.to_owned())
        })
    }
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct UnsubscribePage {
    page: Page,
    address: String,
    token: String,
    is_done: bool,
}

async fn ask(State(state): State<AppState>, page: Page, Query(token): Query<Token>) -> Result<Html<String>> {
    let (_, address) = token.open(&state)?;
    Ok(Html(UnsubscribePage { page, address, token: token.token, is_done: false }.render()?))
}

async fn unsubscribe(State(state): State<AppState>, page: Page, Query(token): Query<Token>) -> Result<Html<String>> {
    let (template, address) = token.open(&state)?;
    let (mut transaction, now) = (database::begin(&state.db).await?, store::now(&state));
    let (reason, source) = (Reason::Unsubscribed, "recipient");
    suppression::add(&mut transaction, &address, &template, reason, source, now, None).await?;
    transaction.commit().await?;
    Ok(Html(UnsubscribePage { page, address, token: token.token, is_done: true }.render()?))
}
