//! Mailgun: an HMAC over a time and a token. It does not cover the message, so a token counts once.

use std::str::FromStr;

use anyhow::ensure;
use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Error, Result};
use serde::Deserialize;
use sha2::Sha256;
use time::OffsetDateTime;

use super::{Incoming, Kind, check_time, unproved};

/// The webhook signing key.
#[derive(Clone)]
pub struct Key(String);

impl FromStr for Key {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ensure!(text.len() >= 16, "too short");
        Ok(Self(text.to_owned()))
    }
}

#[derive(Deserialize)]
struct Signed {
    signature: Proof,
    #[serde(rename = "event-data")]
    event: Event,
}

#[derive(Deserialize)]
struct Proof {
    timestamp: String,
    token: String,
    signature: String,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "event")]
    kind: String,
    severity: Option<String>,
    recipient: Option<String>,
    #[serde(default)]
    message: Headed,
    #[serde(rename = "delivery-status", default)]
    status: Status,
}

#[derive(Default, Deserialize)]
struct Headed {
    #[serde(default)]
    headers: Headers,
}

#[derive(Default, Deserialize)]
struct Headers {
    #[serde(rename = "message-id")]
    message_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Status {
    message: Option<String>,
    description: Option<String>,
}

/// Reads a message, if it is signed.
pub fn read(Key(key): &Key, body: &[u8], now: OffsetDateTime) -> Result<Incoming> {
    // The proof stands in the message: what has no proof is not worth an explanation.
    let Signed { signature, event } = serde_json::from_slice(body).map_err(|_| unproved())?;
    check_time(&signature.timestamp, now)?;
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(anyhow::Error::from)?;
    let mac = mac.chain_update(&signature.timestamp).chain_update(&signature.token);
    let given = from_hex(&signature.signature).ok_or_else(unproved)?;
    mac.verify_slice(&given).map_err(|_| unproved())?;
    if event.id.is_empty() {
        return Err(Error::Refused(StatusCode::BAD_REQUEST, "The event has no id.".to_owned()));
    }
    let kind = match (&*event.kind, event.severity.as_deref()) {
        ("delivered", _) => Kind::Delivered,
        ("failed", Some("permanent")) => Kind::Hard,
        ("failed", _) => Kind::Soft,
        ("complained", _) => Kind::Complaint,
        _ => Kind::Other,
    };
    Ok(Incoming {
        event_id: event.id,
        kind,
        address: event.recipient,
        message_id: event.message.headers.message_id,
        detail: event.status.message.filter(|text| !text.is_empty()).or(event.status.description),
        token: Some(signature.token),
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    if is_hex { bytes.collect() } else { None }
}
