//! What providers tell about mails that have left: `POST /webhooks/email/{provider}`.
//!
//! A provider without a secret does not exist here. What is signed is stored, once for each event, and answered; a job
//! draws the consequences.

mod event;
mod mailgun;
mod postmark;
mod standard;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use kernel::{
    AppState, Error, Result, Routes,
    config::{Reader, Secret, Settings},
    database, jobs,
};
use time::OffsetDateTime;
use uuid::Uuid;

pub use event::{Handle, Incoming, Kind};

use crate::store;

/// How many seconds a message may be old, or seem to come from the future.
const TOLERANCE: i64 = 5 * 60;

/// The secrets of the providers; those without one are not listened to.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    standard: Option<Secret<standard::Key>>,
    resend: Option<Secret<standard::Key>>,
    mailgun: Option<Secret<mailgun::Key>>,
    postmark: Option<Secret<postmark::Password>>,
}

impl Settings for WebhookSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let standard = "`whsec_` and at least 16 bytes in base64";
        Some(Self {
            standard: reader.optional("EMAIL_STANDARD_SECRET", standard),
            resend: reader.optional("EMAIL_RESEND_SECRET", standard),
            mailgun: reader.optional("EMAIL_MAILGUN_SECRET", "the webhook signing key, of at least 16 characters"),
            postmark: reader.optional("EMAIL_POSTMARK_SECRET", "`user:password`, of at least 16 characters"),
        })
    }
}

impl WebhookSettings {
    /// Whether anybody tells about bounces and complaints.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.standard.is_none() && self.resend.is_none() && self.mailgun.is_none() && self.postmark.is_none()
    }
}

pub fn routes() -> Routes {
    Routes::new().route("/webhooks/email/{provider}", post(receive))
}

/// A message whose proof does not hold.
fn unproved() -> Error {
    Error::Refused(StatusCode::FORBIDDEN, "This is not signed with our secret, or not of these minutes.".to_owned())
}

fn check_time(seconds: &str, now: OffsetDateTime) -> Result<()> {
    let age = seconds.parse::<i64>().ok().and_then(|sent| now.unix_timestamp().checked_sub(sent));
    if age.is_some_and(|age| age.unsigned_abs() <= TOLERANCE.unsigned_abs()) { Ok(()) } else { Err(unproved()) }
}

async fn receive(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    let (settings, now): (&WebhookSettings, _) = (state.config.settings(), state.clock.now());
    let incoming = match &*provider {
        "standard" => {
            let key = settings.standard.as_ref().ok_or(Error::NotFound)?.expose();
            standard::read(key, "webhook", &headers, &body, now, standard::ours)?
        }
        "resend" => {
            let key = settings.resend.as_ref().ok_or(Error::NotFound)?.expose();
            standard::read(key, "svix", &headers, &body, now, standard::resend)?
        }
        "mailgun" => mailgun::read(settings.mailgun.as_ref().ok_or(Error::NotFound)?.expose(), &body, now)?,
        "postmark" => postmark::read(settings.postmark.as_ref().ok_or(Error::NotFound)?.expose(), &headers, &body)?,
        _ => return Err(Error::NotFound),
    };
    store_events(&state, &provider, &incoming).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Stores what nobody has told before, and leaves the rest to a job.
async fn store_events(state: &AppState, provider: &str, incoming: &Incoming) -> Result<()> {
    let now = store::now(state);
    let mut transaction = database::begin(&state.db).await?;
    if let Some(token) = &incoming.token {
        let is_new = event::insert_token(&mut transaction, provider, token, now).await?;
        if !is_new {
            return Ok(());
        }
    }
    let id = Uuid::now_v7();
    if event::insert(&mut transaction, id, provider, incoming, now).await? {
        tracing::info!(provider, kind = incoming.kind.name(), "a provider tells about a mail");
        jobs::enqueue(&mut transaction, &Handle { id }).await?;
    }
    transaction.commit().await?;
    Ok(())
}
