//! Who gets no mail, or not of every kind. The visitor whose request calls for a mail never learns of it.

use std::time::Duration;

use kernel::{
    AppState, BoxFuture, Db,
    database::{self, Connection},
};
use mailer::{AddressProved, Stream};
use serde::Serialize;
use sqlx::FromRow;
use time::OffsetDateTime;

use crate::store::{self, Email, key_of};

/// The scope of all mail. Others are the name of a stream, and the names of templates.
pub const ALL: &str = "all";

/// How long somebody gets no mail whose mailbox was full three times.
const PAUSE: Duration = Duration::from_hours(7 * 24);

/// How long it takes until another mail may show that an address works again.
const TRIAL: Duration = Duration::from_hours(24);

/// How many soft bounces within [`PAUSE`] are too many.
const SOFT_BOUNCES: i64 = 3;

/// Why somebody gets no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "TEXT", rename_all = "lowercase")]
pub enum Reason {
    /// There is no such mailbox.
    Bounce,
    /// It was full, or away, several times.
    Soft,
    /// Its owner has called a mail spam.
    Complaint,
    /// Its owner does not want such mail.
    Unsubscribed,
    /// Somebody here has said so.
    Manual,
}

impl Reason {
    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Soft => "soft",
            Self::Complaint => "complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::Manual => "manual",
        }
    }
}

#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Suppression {
    #[sqlx(rename = "to_key")]
    pub address: String,
    pub scope: String,
    pub reason: Reason,
    /// Who says so.
    pub source: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// What keeps this mail from its recipient, if anything does.
pub async fn find(
    connection: &mut Connection,
    email: &Email,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Suppression>> {
    let may_be_refused = email.stream == Stream::Notification.name();
    let query = sqlx::query_as(
        "SELECT * FROM suppressions WHERE to_key = $1 AND (expires_at IS NULL OR expires_at > $2) \
         AND (scope = 'all' OR $3 AND scope IN ('notification', $4)) ORDER BY scope LIMIT 1",
    );
    query.bind(&email.to_key).bind(now).bind(may_be_refused).bind(&email.template).fetch_optional(connection).await
}

/// Whether a mail is sent despite what came back, because its link would prove the address: one a day, so that whoever asks for such
/// mails in the name of somebody else does no harm. Who has complained gets none.
pub async fn try_again(connection: &mut Connection, email: &Email, now: OffsetDateTime) -> sqlx::Result<bool> {
    let query = sqlx::query(
        "UPDATE suppressions SET tried_at = $2, tried_by = $3 \
         WHERE to_key = $1 AND scope = 'all' AND reason IN ('bounce', 'soft') \
         AND (tried_at IS NULL OR tried_at <= $4 OR tried_by = $3) \
         AND NOT EXISTS (SELECT 1 FROM suppressions WHERE to_key = $1 AND reason = 'complaint')",
    );
    let query = query.bind(&email.to_key).bind(now).bind(email.id).bind(now - TRIAL);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Keeps mail of this scope from somebody. What holds for good is not replaced by what ends.
pub async fn add(
    connection: &mut Connection,
    to_key: &str,
    scope: &str,
    reason: Reason,
    source: &str,
    now: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    let query = sqlx::query(
        "INSERT INTO suppressions (to_key, scope, reason, source, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (to_key, scope) DO UPDATE SET reason = $3, source = $4, \
         created_at = $5, expires_at = $6 WHERE suppressions.expires_at IS NOT NULL",
    );
    let query = query.bind(to_key).bind(scope).bind(reason).bind(source).bind(now).bind(expires_at);
    query.execute(connection).await?;
    Ok(())
}

/// Keeps mail of a scope from an address, because somebody here says so.
pub async fn suppress(state: &AppState, address: &str, scope: &str, source: &str) -> sqlx::Result<()> {
    let (mut transaction, now) = (database::begin(&state.db).await?, store::now(state));
    add(&mut transaction, &key_of(address), scope, Reason::Manual, source, now, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// Keeps mail from somebody for a while, if there were too many soft bounces of late.
pub async fn count_soft_bounces(
    connection: &mut Connection,
    to_key: &str,
    source: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let query = "SELECT count(*) FROM email_events WHERE to_key = $1 AND kind = 'soft' AND created_at > $2";
    let bounces: i64 = sqlx::query_scalar(query).bind(to_key).bind(now - PAUSE).fetch_one(&mut *connection).await?;
    if bounces >= SOFT_BOUNCES {
        add(connection, to_key, ALL, Reason::Soft, source, now, Some(now + PAUSE)).await?;
    }
    Ok(())
}

/// Lets all mail through to somebody again. Returns whether anything was in the way.
///
/// # Errors
///
/// Fails when the database does.
pub async fn remove(db: &Db, address: &str) -> sqlx::Result<bool> {
    let query = sqlx::query("DELETE FROM suppressions WHERE to_key = $1").bind(key_of(address));
    Ok(query.execute(db).await?.rows_affected() > 0)
}

/// Those of one address, or the newest of all.
///
/// # Errors
///
/// Fails when the database does.
pub async fn list(db: &Db, address: Option<&str>, limit: u32) -> sqlx::Result<Vec<Suppression>> {
    let query = sqlx::query_as(
        "SELECT * FROM suppressions WHERE $1 = '' OR to_key = $1 ORDER BY created_at DESC, to_key, scope LIMIT $2",
    );
    query.bind(address.map(key_of).unwrap_or_default()).bind(i64::from(limit)).fetch_all(db).await
}

/// Somebody has shown that mail arrives: what bounces have caused is over.
pub fn proved<'a>(
    _: &'a AppState,
    connection: &'a mut Connection,
    AddressProved { address }: &'a AddressProved,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let query = "DELETE FROM suppressions WHERE to_key = $1 AND scope = 'all' AND reason IN ('bounce', 'soft')";
        sqlx::query(query).bind(key_of(address)).execute(connection).await?;
        Ok(())
    })
}
