//! [Standard Webhooks](https://www.standardwebhooks.com): an HMAC over id, time and body. Ours, and Resend's, whose headers have
//! another name.

use std::str::FromStr;

use anyhow::{Context, ensure};
use axum::http::{HeaderMap, StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Error, Result};
use serde::Deserialize;
use sha2::Sha256;
use time::OffsetDateTime;

use super::{Incoming, Kind, check_time, unproved};

/// The secret, as `whsec_` and base64.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl FromStr for Key {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = BASE64_STANDARD.decode(text.strip_prefix("whsec_").context("no `whsec_`")?)?;
        ensure!(key.len() >= 16, "too short");
        Ok(Self(key))
    }
}

/// What a message says, in the words of one provider.
type Parse = fn(&[u8]) -> serde_json::Result<Incoming>;

/// Reads a message, if it is signed.
pub fn read(
    Key(key): &Key,
    prefix: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: OffsetDateTime,
    parse: Parse,
) -> Result<Incoming> {
    let header = |name: &str| headers.get(format!("{prefix}-{name}")).and_then(|value| value.to_str().ok());
    let find = || Some((header("id")?, header("timestamp")?, header("signature")?));
    let (id, timestamp, signatures) = find().ok_or_else(unproved)?;
    check_time(timestamp, now)?;
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(anyhow::Error::from)?;
    let mac = mac.chain_update(id).chain_update(".").chain_update(timestamp).chain_update(".").chain_update(body);
    // Several, while a secret is replaced by another one.
    let is_ours = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")).any(|signature| {
        BASE64_STANDARD.decode(signature).is_ok_and(|signature| mac.clone().verify_slice(&signature).is_ok())
    });
    if !is_ours {
        return Err(unproved());
    }
    let incoming = parse(body).map_err(|error| Error::Refused(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Incoming { event_id: id.to_owned(), ..incoming })
}

#[derive(Deserialize)]
struct Message<D> {
    r#type: String,
    data: D,
}

#[derive(Deserialize)]
struct Ours {
    address: Option<String>,
    message_id: Option<String>,
    bounce: Option<String>,
    detail: Option<String>,
}

/// The format for programs of your own, which the documentation describes.
pub fn ours(body: &[u8]) -> serde_json::Result<Incoming> {
    let Message::<Ours> { r#type, data } = serde_json::from_slice(body)?;
    let kind = match (&*r#type, data.bounce.as_deref()) {
        ("email.delivered", _) => Kind::Delivered,
        ("email.bounced", Some("hard")) => Kind::Hard,
        ("email.bounced", _) => Kind::Soft,
        ("email.complained", _) => Kind::Complaint,
        _ => Kind::Other,
    };
    let Ours { address, message_id, detail, .. } = data;
    Ok(Incoming { event_id: String::new(), kind, address, message_id, detail, token: None })
}

#[derive(Deserialize)]
struct Resend {
    #[serde(default)]
    to: Vec<String>,
    bounce: Option<ResendBounce>,
}

#[derive(Deserialize)]
struct ResendBounce {
    r#type: Option<String>,
    message: Option<String>,
}

/// The format of Resend. Its own id of a mail tells us nothing, so the address has to.
pub fn resend(body: &[u8]) -> serde_json::Result<Incoming> {
    let Message::<Resend> { r#type, data } = serde_json::from_slice(body)?;
    let bounce = data.bounce.as_ref().and_then(|bounce| bounce.r#type.as_deref());
    let kind = match (&*r#type, bounce) {
        ("email.delivered", _) => Kind::Delivered,
        ("email.bounced", Some("Permanent")) => Kind::Hard,
        ("email.bounced", _) => Kind::Soft,
        ("email.complained", _) => Kind::Complaint,
        _ => Kind::Other,
    };
    let detail = data.bounce.and_then(|bounce| bounce.message);
    let address = data.to.into_iter().next();
    Ok(Incoming { event_id: String::new(), kind, address, message_id: None, detail, token: None })
}
