//! Sessions: a random token in a cookie, of which the database has the hash.

mod extract;
mod layer;

use kernel::{
    AppState, Db, Result,
    database::{Backend, Connection},
};
use sqlx::{Executor, FromRow};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{client::Client, cookies, secret, settings::AuthSettings, steps, users::Role};

pub use extract::{Confirmed, Session};
pub use layer::{ByToken, layer};

/// How long one may do what needs a confirmation, after it was given.
pub const CONFIRMATION: Duration = Duration::minutes(10);

/// How exactly it is known when a session was used last.
const GRAIN: Duration = Duration::minutes(5);

/// How long a session lasts: without a request, and in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub idle: Duration,
    pub total: Duration,
}

fn limits(state: &AppState, role: Role, remembered: bool) -> Limits {
    state.config.settings::<AuthSettings>().limits(role, remembered)
}

/// A session with its user, as it is found for each request.
#[derive(Clone, Debug, FromRow)]
pub struct Found {
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub remembered: i64,
    pub created_at: OffsetDateTime,
    pub last_seen_at: OffsetDateTime,
    pub confirmed_at: OffsetDateTime,
}

impl Found {
    fn is_over(&self, state: &AppState, now: OffsetDateTime) -> bool {
        let limits = limits(state, self.role, self.remembered != 0);
        now >= self.last_seen_at + limits.idle || now >= self.created_at + limits.total
    }
}

/// The session of a token, if it lasts still.
pub async fn find(state: &AppState, token: &str) -> Result<Option<Found>> {
    let found: Option<Found> = sqlx::query_as(
        "SELECT sessions.id, user_id, name, role, remembered, sessions.created_at, last_seen_at, confirmed_at \
         FROM sessions JOIN users ON users.id = user_id WHERE token_hash = $1 AND deactivated_at IS NULL",
    )
    .bind(secret::hash(token))
    .fetch_optional(&state.db)
    .await?;
    let now = state.clock.now().truncate_to_second();
    let Some(found) = found.filter(|found| !found.is_over(state, now)) else { return Ok(None) };
    if now >= found.last_seen_at + GRAIN {
        let query = sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2");
        query.bind(now).bind(found.id).execute(&state.db).await?;
    }
    Ok(Some(found))
}

/// Whose session is to begin.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub user: Uuid,
    pub role: Role,
    pub remembered: bool,
}

/// Begins a session in the place of the one that the client had, and returns its cookie.
pub async fn start(
    state: &AppState,
    connection: &mut Connection,
    client: &Client,
    Start { user, role, remembered }: Start,
) -> Result<(axum::http::HeaderName, axum::http::HeaderValue)> {
    if let Some(old) = &client.session {
        end_token(&mut *connection, old).await?;
    }
    let (token, now) = (secret::new()?, state.clock.now().truncate_to_second());
    let remembered = remembered && role == Role::User;
    sqlx::query(
        "INSERT INTO sessions (id, token_hash, user_id, remembered, client, agent, created_at, last_seen_at, confirmed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)",
    )
    .bind(Uuid::now_v7())
    .bind(secret::hash(&token))
    .bind(user)
    .bind(i64::from(remembered))
    .bind(&client.address)
    .bind(&client.agent)
    .bind(now)
    .execute(connection)
    .await?;
    let age = remembered.then(|| limits(state, role, true).total);
    Ok(cookies::set(state, cookies::SESSION, &token, age))
}

/// Gives a session another token, and notes that its user has just confirmed who they are.
pub async fn confirm(
    state: &AppState,
    connection: &mut Connection,
    session: &Session,
) -> Result<(axum::http::HeaderName, axum::http::HeaderValue)> {
    let token = secret::new()?;
    let now = state.clock.now().truncate_to_second();
    sqlx::query("UPDATE sessions SET token_hash = $1, confirmed_at = $2 WHERE id = $3")
        .bind(secret::hash(&token))
        .bind(now)
        .bind(session.id)
        .execute(connection)
        .await?;
    let rest = session.created_at + limits(state, session.role, session.is_remembered).total - now;
    Ok(cookies::set(state, cookies::SESSION, &token, session.is_remembered.then_some(rest)))
}

/// Ends the session of a token.
pub async fn end_token<'c>(db: impl Executor<'c, Database = Backend>, token: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(secret::hash(token)).execute(db).await?;
    Ok(())
}

/// Ends one session of a user; says whether it was there.
pub async fn end(db: &Db, user: Uuid, id: Uuid) -> sqlx::Result<bool> {
    let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id = $2");
    Ok(query.bind(user).bind(id).execute(db).await?.rows_affected() > 0)
}

/// Ends the sessions of everybody, and logins that wait.
pub async fn end_everywhere(db: &Db) -> sqlx::Result<u64> {
    sqlx::query("DELETE FROM pending_logins").execute(db).await?;
    Ok(sqlx::query("DELETE FROM sessions").execute(db).await?.rows_affected())
}

/// Ends all sessions of a user, except for one, and logins that wait.
pub async fn end_all(connection: &mut Connection, user: Uuid, except: Option<Uuid>) -> sqlx::Result<u64> {
    steps::end_all(connection, user).await?;
    let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2");
    Ok(query.bind(user).bind(except.unwrap_or_default()).execute(connection).await?.rows_affected())
}
