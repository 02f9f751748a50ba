//! Passwords that were stolen somewhere. A service is asked that knows them; it learns the first five characters of a hash, which
//! thousands of passwords have in common.

use std::{str, str::FromStr, time::Duration};

use anyhow::ensure;
use axum::{
    body::Bytes,
    http::{Request, Uri},
};
use http_client::Outgoing;
use kernel::{
    AppState, Error, Result,
    config::{Reader, Secret, Settings},
};
use sha1::{Digest, Sha1};
use tokio::time::timeout;

use super::Password;

/// Somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who is asked, if anybody.
#[derive(Clone, Debug)]
pub struct BreachSettings {
    service: Option<Secret<Service>>,
}

#[derive(Clone, Debug)]
struct Service(String);

impl FromStr for Service {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_folder = text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some() && uri.path().ends_with('/'));
        if is_folder { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl Settings for BreachSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let expects = "an address that ends with `/`, such as `https://api.pwnedpasswords.com/range/`";
        Some(Self { service: reader.optional("PASSWORD_BREACH_URL", expects) })
    }
}

/// Refuses a password that was stolen somewhere. Without an answer, none is refused.
///
/// # Errors
///
/// Blames the password.
pub async fn check(state: &AppState, password: &Password) -> Result<()> {
    let Some(service) = &state.config.settings::<BreachSettings>().service else { return Ok(()) };
    let Service(service) = service.expose();
    let answer = timeout(PATIENCE, is_known(state, service, password)).await;
    match answer.map_err(anyhow::Error::from).flatten() {
        Ok(false) => Ok(()),
        Ok(true) => {
            let message = "This password was stolen from another site. Use one that you use nowhere else.";
            Err(Error::Invalid([("password", message.to_owned())].into()))
        }
        Err(error) => {
            tracing::warn!("nobody knows whether a new password was stolen before: {error:#}");
            Ok(())
        }
    }
}

async fn is_known(state: &AppState, service: &str, password: &Password) -> anyhow::Result<bool> {
    let hash = format!("{:X}", Bytes::copy_from_slice(&Sha1::digest(password.expose())));
    let (start, rest) = hash.split_at(5);
    // With the header, the length of the answer does not tell what was asked for. What is added has the count 0.
    let request = Request::get(format!("{service}{start}")).header("add-padding", "true").body(Bytes::new())?;
    let answer = state.fetch("breaches", request).await?;
    ensure!(answer.status().is_success(), "the service answers {}", answer.status());
    let mut lines = str::from_utf8(answer.body())?.lines().filter_map(|line| line.trim().split_once(':'));
    Ok(lines.any(|(known, count)| known.eq_ignore_ascii_case(rest) && count != "0"))
}
