//! A mail as it goes over the wire.

use std::time::SystemTime;

use anyhow::Context;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use mailer::Content;

use crate::settings::MailSettings;

/// How many characters a subject may have: a line of a header must not become longer than a server takes.
const SUBJECT_LIMIT: usize = 200;

/// What stands around the text.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub id: &'a str,
    /// The same for every attempt, so that servers and readers can tell copies.
    pub message_id: &'a str,
    pub to: &'a Address,
    /// Where the recipient can refuse such mail.
    pub unsubscribe: Option<&'a str>,
}

/// Puts a mail together.
///
/// # Errors
///
/// Fails when a header cannot hold its value.
pub fn build(settings: &MailSettings, envelope: Envelope<'_>, content: Content) -> anyhow::Result<Message> {
    let mut builder = Message::builder()
        .from(settings.from.clone())
        .to(Mailbox::new(None, envelope.to.clone()))
        .subject(content.subject.chars().take(SUBJECT_LIMIT).collect::<String>())
        .message_id(Some(envelope.message_id.to_owned()))
        .date(SystemTime::now());
    if let Some(reply_to) = &settings.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let body = MultiPart::alternative_plain_html(content.text, content.html);
    let mut message = builder.multipart(body).context("the mail cannot be put together")?;
    let mut set = |name: &str, value: &str| {
        let name = HeaderName::new_from_ascii(name.to_owned())?;
        message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
        anyhow::Ok(())
    };
    set("Auto-Submitted", "auto-generated")?;
    set("Resend-Idempotency-Key", envelope.id)?;
    if let Some(url) = envelope.unsubscribe {
        set("List-Unsubscribe", &format!("<{url}>"))?;
        set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?;
    }
    Ok(message)
}

/// The headers, as they are sent.
#[must_use]
pub fn headers(message: &Message) -> String {
    message.headers().to_string()
}
