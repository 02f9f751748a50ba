//! Postmark: it signs nothing, so the address of the webhook holds a user and a password.

use std::str::FromStr;

use anyhow::ensure;
use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Error, Result};
use serde::Deserialize;
use sha2::Sha256;

use super::{Incoming, Kind, unproved};

/// `user:password`
#[derive(Clone)]
pub struct Password(String);

impl FromStr for Password {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ensure!(text.len() >= 16 && text.contains(':'), "too short, or without a user");
        Ok(Self(text.to_owned()))
    }
}

impl Password {
    /// Takes equally long for every wrong one.
    fn is(&self, given: &[u8]) -> anyhow::Result<bool> {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes())?;
        let expected = mac.clone().chain_update(&self.0).finalize().into_bytes();
        Ok(mac.chain_update(given).verify_slice(&expected).is_ok())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    record_type: String,
    r#type: Option<String>,
    #[serde(rename = "ID")]
    id: Option<i64>,
    #[serde(rename = "MessageID", default)]
    mail: String,
    email: Option<String>,
    recipient: Option<String>,
    details: Option<String>,
}

/// Reads a message, if it comes with the password.
pub fn read(password: &Password, headers: &HeaderMap, body: &[u8]) -> Result<Incoming> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let given = given.and_then(|given| BASE64_STANDARD.decode(given).ok()).ok_or_else(unproved)?;
    if !password.is(&given)? {
        return Err(unproved());
    }
    let message: Message =
        serde_json::from_slice(body).map_err(|error| Error::Refused(StatusCode::BAD_REQUEST, error.to_string()))?;
    let kind = match (&*message.record_type, message.r#type.as_deref()) {
        ("Delivery", _) => Kind::Delivered,
        ("SpamComplaint", _) | ("Bounce", Some("SpamComplaint")) => Kind::Complaint,
        ("Bounce", Some("HardBounce" | "BadEmailAddress")) => Kind::Hard,
        ("Bounce", Some("SoftBounce" | "Transient" | "DnsError")) => Kind::Soft,
        _ => Kind::Other,
    };
    let address = message.email.or(message.recipient);
    let event_id = match message.id {
        Some(id) => format!("{} {id}", message.record_type),
        None => format!("{} {} {}", message.record_type, message.mail, address.as_deref().unwrap_or_default()),
    };
    // Its own id of a mail tells us nothing, so the address has to.
    Ok(Incoming { event_id, kind, address, message_id: None, detail: message.details, token: None })
}
