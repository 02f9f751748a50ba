//! The table `emails`.

use std::time::Duration;

use kernel::{
    AppState, Db,
    database::{self, Connection},
    jobs,
};
use mailer::Kind;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    deliver::Deliver,
    suppression::{self, Reason},
};

/// How many mails the mailbox of development keeps.
const KEPT: i64 = 500;

/// Where a mail is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "TEXT", rename_all = "lowercase")]
pub enum State {
    /// Waits for its first attempt, or for another one.
    Queued,
    Sending,
    /// The mail server has it.
    Sent,
    /// The recipient's server has it, says the provider.
    Delivered,
    Bounced,
    /// The recipient has called it spam.
    Complained,
    /// Given up.
    Failed,
    /// Not sent, because the recipient gets no such mail.
    Suppressed,
    Cancelled,
    /// In development without a mail server: for the mailbox alone.
    Kept,
}

/// All states, as they are stored.
pub const STATES: &[&str] =
    &["queued", "sending", "sent", "delivered", "bounced", "complained", "failed", "suppressed", "cancelled", "kept"];

impl State {
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        STATES[self as usize]
    }
}

/// A mail on its way, or at the end of it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Email {
    pub id: Uuid,
    pub message_id: String,
    pub template: String,
    /// What the text is written from.
    #[serde(skip)]
    pub data: String,
    pub stream: String,
    pub is_secret: bool,
    pub to_address: String,
    #[serde(skip)]
    pub to_key: String,
    #[serde(skip)]
    pub turn: i64,
    pub state: State,
    pub attempts: i64,
    pub deferrals: i64,
    pub doubts: i64,
    #[serde(skip)]
    pub data_since: Option<OffsetDateTime>,
    pub reason: Option<String>,
    pub reply: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub sent_at: Option<OffsetDateTime>,
}

/// A mail that is accepted.
#[derive(Debug)]
pub struct New<'a> {
    pub id: Uuid,
    pub key: Option<&'a str>,
    pub message_id: String,
    pub template: &'a str,
    pub data: String,
    pub stream: &'a str,
    pub is_secret: bool,
    pub to: &'a str,
    pub user: Option<Uuid>,
    pub state: State,
    pub now: OffsetDateTime,
}

/// Addresses that mean the same mailbox have the same key.
#[must_use]
pub fn key_of(address: &str) -> String {
    storable(address.trim()).to_lowercase()
}

/// What others have written, as every database takes it.
#[must_use]
pub fn storable(text: &str) -> String {
    text.replace('\0', " ")
}

/// Stores a mail, unless its key is taken, and returns whether it did.
pub async fn insert(connection: &mut Connection, new: &New<'_>) -> sqlx::Result<bool> {
    let query = sqlx::query(
        "INSERT INTO emails (id, unique_key, message_id, template, data, stream, is_secret, to_address, to_key, \
         user_id, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (unique_key) DO NOTHING",
    );
    let query = query.bind(new.id).bind(new.key).bind(&new.message_id).bind(new.template).bind(&new.data);
    let query = query.bind(new.stream).bind(new.is_secret).bind(storable(new.to)).bind(key_of(new.to)).bind(new.user);
    let stored = query.bind(new.state).bind(new.now).execute(&mut *connection).await?.rows_affected() > 0;
    if stored && new.state == State::Kept {
        let query = "DELETE FROM emails WHERE state = 'kept' AND id NOT IN \
             (SELECT id FROM emails WHERE state = 'kept' ORDER BY id DESC LIMIT $1)";
        sqlx::query(query).bind(KEPT).execute(connection).await?;
    }
    Ok(stored)
}

pub async fn find(db: &Db, id: Uuid) -> sqlx::Result<Option<Email>> {
    sqlx::query_as("SELECT * FROM emails WHERE id = $1").bind(id).fetch_optional(db).await
}

/// Begins an attempt, if this is the turn of the job that asks. A mail that is being sent already was left behind by a
/// process that died, and if its text was under way, nobody knows whether the server has it.
pub async fn claim(state: &AppState, id: Uuid, turn: i64) -> anyhow::Result<Option<Email>> {
    let mut transaction = database::begin(&state.db).await?;
    let query = sqlx::query_as("SELECT * FROM emails WHERE id = $1 AND turn = $2 AND state IN ('queued', 'sending')");
    let Some(mut email) = query.bind(id).bind(turn).fetch_optional(&mut *transaction).await? else { return Ok(None) };
    let Email { attempts, data_since, .. } = email;
    let now = now(state);
    let proves = || state.all::<&'static Kind>().iter().any(|kind| kind.proves && kind.name == email.template);
    if let Some(found) = suppression::find(&mut transaction, &email, now).await?
        && !(proves() && suppression::try_again(&mut transaction, &email, now).await?)
    {
        let query = "UPDATE emails SET state = 'suppressed', reason = $2, ended_at = $3, next_attempt_at = NULL \
             WHERE id = $1";
        sqlx::query(query).bind(id).bind(found.reason).bind(now).execute(&mut *transaction).await?;
        transaction.commit().await?;
        return Ok(None);
    }
    let doubts = i64::from(data_since.is_some());
    let query = sqlx::query(
        "UPDATE emails SET state = 'sending', attempts = attempts + 1, doubts = doubts + $3, data_since = NULL, \
         next_attempt_at = NULL WHERE id = $1 AND attempts = $2",
    );
    let claimed = query.bind(id).bind(attempts).bind(doubts).execute(&mut *transaction).await?.rows_affected() > 0;
    transaction.commit().await?;
    if doubts > 0 {
        tracing::warn!(%id, "a process died while it sent this mail: it may arrive twice");
    }
    email.attempts += 1;
    email.doubts += doubts;
    Ok(claimed.then_some(email))
}

/// Notes that the text goes out now, unless somebody else has taken the mail over: then it must not.
pub async fn begin_data(state: &AppState, email: &Email) -> sqlx::Result<bool> {
    let query = "UPDATE emails SET data_since = $3 WHERE id = $1 AND attempts = $2 AND state = 'sending'";
    let query = sqlx::query(query).bind(email.id).bind(email.attempts).bind(now(state));
    Ok(query.execute(&state.db).await?.rows_affected() > 0)
}

/// How an attempt has ended.
#[derive(Debug)]
pub enum End {
    Sent(String),
    /// The mail waits for another attempt.
    Again {
        after: Duration,
        deferrals: i64,
        doubts: i64,
        reason: String,
        reply: String,
    },
    /// For good.
    Over {
        state: State,
        reason: String,
        reply: String,
    },
}

/// Writes down how an attempt has ended, and schedules the next one. Returns whether the mail was still this attempt's.
pub async fn settle(state: &AppState, email: &Email, end: &End) -> anyhow::Result<bool> {
    let now = now(state);
    let mut transaction = database::begin(&state.db).await?;
    let (next, deferrals, doubts, reason, reply) = match end {
        End::Sent(reply) => (State::Sent, 0, 0, None, reply),
        End::Again { deferrals, doubts, reason, reply, .. } => {
            (State::Queued, *deferrals, *doubts, Some(reason), reply)
        }
        End::Over { state, reason, reply } => (*state, 0, 0, Some(reason), reply),
    };
    let (next_attempt_at, ended_at) = match end {
        End::Again { after, .. } => (Some(now + *after), None),
        End::Sent(_) | End::Over { .. } => (None, Some(now)),
    };
    let query = sqlx::query(
        "UPDATE emails SET state = $3, deferrals = deferrals + $4, doubts = doubts + $5, reason = $6, reply = $7, \
         next_attempt_at = $8, ended_at = $9, sent_at = CASE WHEN $3 = 'sent' THEN $9 END, data_since = NULL, \
         turn = turn + 1 WHERE id = $1 AND attempts = $2 AND state = 'sending'",
    );
    let query = query.bind(email.id).bind(email.attempts).bind(next).bind(deferrals).bind(doubts).bind(reason);
    let query = query.bind(storable(reply)).bind(next_attempt_at).bind(ended_at);
    let settled = query.execute(&mut *transaction).await?.rows_affected() > 0;
    if settled && let End::Again { after, .. } = end {
        let job = Deliver { id: email.id, turn: email.turn + 1 };
        jobs::enqueue_in(*after, &mut transaction, &job).await?;
    }
    if settled
        && let End::Over { state: State::Bounced, reply, .. } = end
        && crate::smtp::says_that_nobody_is_there(reply)
    {
        suppression::add(&mut transaction, &email.to_key, suppression::ALL, Reason::Bounce, "smtp", now, None).await?;
    }
    transaction.commit().await?;
    Ok(settled)
}

/// Lets a mail that waits, or that has ended without success, be tried again at once. Returns whether there is one.
///
/// # Errors
///
/// Fails when the database does.
pub async fn retry(state: &AppState, id: Uuid) -> anyhow::Result<bool> {
    let mut transaction = database::begin(&state.db).await?;
    let query = sqlx::query_scalar(
        "UPDATE emails SET state = 'queued', turn = turn + 1, deferrals = 0, next_attempt_at = $2, ended_at = NULL \
         WHERE id = $1 AND state IN ('queued', 'bounced', 'failed', 'suppressed', 'cancelled') RETURNING turn",
    );
    let turn: Option<i64> = query.bind(id).bind(now(state)).fetch_optional(&mut *transaction).await?;
    if let Some(turn) = turn {
        jobs::enqueue(&mut transaction, &Deliver { id, turn }).await?;
    }
    transaction.commit().await?;
    Ok(turn.is_some())
}

/// Keeps a mail that waits from being sent. Returns whether there is one.
///
/// # Errors
///
/// Fails when the database does.
pub async fn cancel(state: &AppState, id: Uuid) -> sqlx::Result<bool> {
    let query = "UPDATE emails SET state = 'cancelled', turn = turn + 1, next_attempt_at = NULL, ended_at = $2 \
         WHERE id = $1 AND state = 'queued'";
    Ok(sqlx::query(query).bind(id).bind(now(state)).execute(&state.db).await?.rows_affected() > 0)
}

/// Removes what has come to its end that long ago.
pub async fn prune(state: &AppState, age: Duration) -> sqlx::Result<u64> {
    let before = now(state) - age;
    let query = "DELETE FROM emails WHERE ended_at < $1 AND state NOT IN ('queued', 'sending')";
    let removed = sqlx::query(query).bind(before).execute(&state.db).await?.rows_affected();
    sqlx::query("DELETE FROM email_events WHERE created_at < $1").bind(before).execute(&state.db).await?;
    let query = "DELETE FROM suppressions WHERE expires_at < $1";
    sqlx::query(query).bind(now(state)).execute(&state.db).await?;
    Ok(removed)
}

/// The time, as the database keeps it on every backend.
#[must_use]
pub fn now(state: &AppState) -> OffsetDateTime {
    state.clock.now().truncate_to_second()
}

/// A time as people read it, on pages and in terminals.
#[must_use]
pub fn moment(time: &OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
