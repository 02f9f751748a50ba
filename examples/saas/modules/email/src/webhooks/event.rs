//! What has happened to a mail, whoever tells it, and what follows from it.

use kernel::{
    AppState, Job,
    database::{self, Connection},
};
use mailer::Stream;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    store::{self, key_of, storable},
    suppression::{self, Reason},
};

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "TEXT", rename_all = "lowercase")]
pub enum Kind {
    Delivered,
    /// The mailbox does not exist.
    Hard,
    /// The mailbox is full, or away.
    Soft,
    /// The recipient calls it spam.
    Complaint,
    /// Nothing of consequence.
    Other,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Complaint => "complaint",
            Self::Other => "other",
        }
    }
}

/// A message of a provider.
#[derive(Debug)]
pub struct Incoming {
    /// Tells it from all others of this provider.
    pub event_id: String,
    pub kind: Kind,
    pub address: Option<String>,
    pub message_id: Option<String>,
    pub detail: Option<String>,
    /// What may be used once, where the signature does not cover the message.
    pub token: Option<String>,
}

/// Stores an event, unless it is there already, and returns whether it did.
pub async fn insert(
    connection: &mut Connection,
    id: Uuid,
    provider: &str,
    incoming: &Incoming,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let query = sqlx::query(
        "INSERT INTO email_events (id, provider, event_id, kind, to_key, message_id, detail, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, event_id) DO NOTHING",
    );
    let query = query.bind(id).bind(provider).bind(storable(&incoming.event_id)).bind(incoming.kind);
    let query = query.bind(incoming.address.as_deref().map(key_of));
    // Some providers leave the brackets out.
    let message_id = incoming.message_id.as_ref().map(|id| format!("<{}>", storable(id).trim_matches(['<', '>'])));
    let query = query.bind(message_id).bind(incoming.detail.as_deref().map(storable)).bind(now);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Uses a token up, and returns whether it was new.
pub async fn insert_token(
    connection: &mut Connection,
    provider: &str,
    token: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let query = sqlx::query(
        "INSERT INTO email_events (id, provider, event_id, kind, created_at, handled_at) \
         VALUES ($1, $2, $3, 'token', $4, $4) ON CONFLICT (provider, event_id) DO NOTHING",
    );
    let query = query.bind(Uuid::now_v7()).bind(provider).bind(storable(&format!("token {token}"))).bind(now);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Draws the consequences of an event.
#[derive(Debug, Serialize, Deserialize)]
pub struct Handle {
    pub id: Uuid,
}

#[derive(FromRow)]
struct Stored {
    provider: String,
    kind: Kind,
    to_key: Option<String>,
    message_id: Option<String>,
    detail: Option<String>,
}

impl Job for Handle {
    const NAME: &'static str = "email.event";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let now = store::now(&state);
        let mut transaction = database::begin(&state.db).await?;
        let query = "UPDATE email_events SET handled_at = $2 WHERE id = $1 AND handled_at IS NULL RETURNING *";
        let stored = sqlx::query_as(query).bind(self.id).bind(now).fetch_optional(&mut *transaction).await?;
        if let Some(stored) = stored {
            apply(&mut transaction, self.id, &stored, now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

async fn apply(connection: &mut Connection, id: Uuid, event: &Stored, now: OffsetDateTime) -> anyhow::Result<()> {
    let Stored { provider, kind, to_key, message_id, detail } = event;
    // The mail that it is about, or else the last one that went to this address.
    let query = sqlx::query_as(
        "SELECT id, to_key FROM emails WHERE message_id = $1 OR $1 IS NULL AND to_key = $2 \
         AND state IN ('sent', 'delivered') ORDER BY created_at DESC, id DESC LIMIT 1",
    );
    let email: Option<(Uuid, String)> = query.bind(message_id).bind(to_key).fetch_optional(&mut *connection).await?;
    let to_key = to_key.clone().or_else(|| email.as_ref().map(|(_, to_key)| to_key.clone()));
    if let Some((email, _)) = &email {
        let query = sqlx::query("UPDATE email_events SET email_id = $2, to_key = $3 WHERE id = $1");
        query.bind(id).bind(email).bind(&to_key).execute(&mut *connection).await?;
        // Events may arrive in another order than they happened: a mail never goes back to an earlier state.
        let change = match kind {
            Kind::Delivered => Some("'delivered' WHERE id = $1 AND state = 'sent'"),
            Kind::Hard => Some("'bounced' WHERE id = $1 AND state IN ('sent', 'delivered')"),
            Kind::Complaint => Some("'complained' WHERE id = $1 AND state IN ('sent', 'delivered')"),
            Kind::Soft | Kind::Other => None,
        };
        if let Some(change) = change {
            let query = format!("UPDATE emails SET reason = $2, reply = COALESCE($3, reply), state = {change}");
            let reason = (*kind != Kind::Delivered).then(|| kind.name());
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(email).bind(reason).bind(detail);
            query.execute(&mut *connection).await?;
        }
    }
    let Some(to_key) = to_key else { return Ok(()) };
    match kind {
        Kind::Hard => {
            suppression::add(connection, &to_key, suppression::ALL, Reason::Bounce, provider, now, None).await?;
        }
        Kind::Soft => suppression::count_soft_bounces(connection, &to_key, provider, now).await?,
        Kind::Complaint => {
            let scope = Stream::Notification.name();
            suppression::add(connection, &to_key, scope, Reason::Complaint, provider, now, None).await?;
        }
        Kind::Delivered | Kind::Other => {}
    }
    Ok(())
}
