//! Browsers in which somebody has signed in before. Their cookie lets nobody in: it only keeps strangers who guess a password
//! from locking its owner out.

use axum::http::{HeaderName, HeaderValue};
use kernel::AppState;
use signing::Signer;
use time::Duration;

use crate::{cookies, secret, users::User};

const PURPOSE: &str = "device";
const AGE: Duration = Duration::days(180);

fn message(user: &User, nonce: &str) -> String {
    format!("{}|{}|{nonce}", user.id, user.device_generation)
}

/// The cookie for a browser in which somebody has signed in.
pub fn cookie(state: &AppState, user: &User) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let nonce = secret::new()?;
    let signature = state.service::<Signer>().sign(PURPOSE, &message(user, &nonce));
    Ok(cookies::set(state, cookies::DEVICE, &format!("{nonce}.{signature}"), Some(AGE)))
}

/// What names the browser, if this is the cookie of the user.
pub fn check(state: &AppState, user: &User, cookie: &str) -> Option<String> {
    let (nonce, signature) = cookie.split_once('.')?;
    state.service::<Signer>().verify(PURPOSE, &message(user, nonce), signature).then(|| nonce.to_owned())
}
