//! Tokens with which programs use the API for somebody. The database has their hashes.

use std::str::FromStr;

use axum::http::StatusCode;
use kernel::{
    AppState, Error, Result, Visitor,
    database::{self, Backend, Connection},
    error::FieldErrors,
};
use rest::Text;
use serde::{Deserialize, Serialize};
use sqlx::{Executor, FromRow};
use time::{Duration, OffsetDateTime};
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};
use uuid::Uuid;

use crate::{
    activity::{self, Kind},
    client::Client,
    secret,
    users::{self, Role},
};

pub const NAME: Text = Text::new("name", 60).required("Say what the token is for.");

/// How many days a token may last.
pub const LONGEST: u16 = 365;

/// How many days it lasts unless somebody says otherwise.
pub const USUAL: u16 = 90;

/// How many tokens somebody may have.
const MOST: i64 = 50;

const PREFIX: &str = "app_";

/// How exactly it is known when a token was used last.
const GRAIN: Duration = Duration::minutes(5);

/// What a token allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To read.
    #[default]
    Read,
    /// To read and to change.
    Write,
}

impl Scope {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl From<String> for Scope {
    fn from(name: String) -> Self {
        if name == Self::Write.name() { Self::Write } else { Self::Read }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = [Self::Read, Self::Write].into_iter().find(|scope| scope.name() == name);
        known.ok_or_else(|| "`read` or `write`".to_owned())
    }
}

/// A token, without what makes it one.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub struct Token {
    pub id: Uuid,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub scope: Scope,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_used_at: Option<OffsetDateTime>,
}

/// A token as somebody asks for it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Wanted {
    #[schema(schema_with = name_schema)]
    pub name: String,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default = "usual")]
    #[schema(schema_with = days_schema)]
    pub expires_in_days: u16,
}

const fn usual() -> u16 {
    USUAL
}

fn name_schema() -> Object {
    NAME.schema("Backup")
}

fn days_schema() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(LONGEST)).build()
}

/// Makes a token, and returns it: nobody can read it afterwards.
///
/// # Errors
///
/// Is 422 for what cannot be accepted.
pub async fn create(state: &AppState, user: Uuid, wanted: &Wanted, client: Option<&Client>) -> Result<(Token, String)> {
    let mut errors = FieldErrors::new();
    let name = NAME.read(&wanted.name, &mut errors);
    if !(1..=LONGEST).contains(&wanted.expires_in_days) {
        errors.insert("expires_in_days", format!("Use a number from 1 to {LONGEST}."));
    }
    let mut transaction = database::begin(&state.db).await?;
    users::lock(&mut transaction, user).await?.ok_or(Error::NotFound)?;
    let query = sqlx::query_scalar("SELECT count(*) FROM api_tokens WHERE user_id = $1");
    let count: i64 = query.bind(user).fetch_one(&mut *transaction).await?;
    if count >= MOST {
        errors.entry("name").or_insert_with(|| format!("There are {MOST} tokens: revoke one first."));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let (text, now) = (new_text()?, state.clock.now().truncate_to_second());
    let token = sqlx::query_as(
        "INSERT INTO api_tokens (id, token_hash, user_id, name, scope, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
    )
    .bind(Uuid::now_v7())
    .bind(secret::hash(&text))
    .bind(user)
    .bind(name)
    .bind(wanted.scope.name())
    .bind(now)
    .bind(now + Duration::days(wanted.expires_in_days.into()))
    .fetch_one(&mut *transaction)
    .await?;
    if let Some(client) = client {
        activity::note(state, &mut transaction, user, Kind::TokenMade, client).await?;
    }
    transaction.commit().await?;
    Ok((token, text))
}

/// A prefix and a checksum, by which programs that look for secrets in the wrong places know one.
fn new_text() -> anyhow::Result<String> {
    let secret = secret::new()?;
    Ok(format!("{PREFIX}{secret}{}", checksum(&secret)))
}

/// The first three bytes of the CRC-32.
fn checksum(secret: &str) -> String {
    format!("{:06x}", crc32fast::hash(secret.as_bytes()) >> 8)
}

fn is_well_formed(text: &str) -> bool {
    let secret = text.strip_prefix(PREFIX).and_then(|rest| rest.split_at_checked(43));
    secret.is_some_and(|(secret, sum)| checksum(secret) == sum)
}

/// The tokens of a user, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub async fn all<'c>(db: impl Executor<'c, Database = Backend>, user: Uuid) -> sqlx::Result<Vec<Token>> {
    let query = sqlx::query_as("SELECT * FROM api_tokens WHERE user_id = $1 ORDER BY id DESC");
    query.bind(user).fetch_all(db).await
}

/// Revokes a token of a user; says whether it was there.
///
/// # Errors
///
/// Fails when the database does.
pub async fn revoke(state: &AppState, user: Uuid, id: Uuid, client: Option<&Client>) -> sqlx::Result<bool> {
    let mut transaction = database::begin(&state.db).await?;
    users::lock(&mut transaction, user).await?;
    let query = sqlx::query("DELETE FROM api_tokens WHERE user_id = $1 AND id = $2");
    let was_there = query.bind(user).bind(id).execute(&mut *transaction).await?.rows_affected() > 0;
    if let Some(client) = client.filter(|_| was_there) {
        activity::note(state, &mut transaction, user, Kind::TokenRevoked, client).await?;
    }
    transaction.commit().await?;
    Ok(was_there)
}

/// Revokes all tokens of a user.
///
/// # Errors
///
/// Fails when the database does.
pub async fn end_all(connection: &mut Connection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM api_tokens WHERE user_id = $1").bind(user).execute(connection).await?;
    Ok(())
}

#[derive(FromRow)]
struct Found {
    id: Uuid,
    user_id: Uuid,
    user_name: String,
    #[sqlx(try_from = "String")]
    role: Role,
    #[sqlx(try_from = "String")]
    scope: Scope,
    last_used_at: Option<OffsetDateTime>,
}

/// Whom a token lets in, for a request that changes something or not, and the role of its user, which it has not.
///
/// # Errors
///
/// Is 401 for a token that is none, and 403 for one that may not do this.
pub async fn admit(state: &AppState, text: &str, changes: bool) -> Result<(Visitor, Role)> {
    let invalid = || {
        let text = "This token is none, was revoked or has expired.".to_owned();
        Error::Refused(StatusCode::UNAUTHORIZED, text)
    };
    if !is_well_formed(text) {
        return Err(invalid());
    }
    let now = state.clock.now().truncate_to_second();
    let found: Option<Found> = sqlx::query_as(
        "SELECT api_tokens.id, user_id, users.name AS user_name, role, scope, last_used_at FROM api_tokens \
         JOIN users ON users.id = user_id WHERE token_hash = $1 AND expires_at > $2 AND deactivated_at IS NULL",
    )
    .bind(secret::hash(text))
    .bind(now)
    .fetch_optional(&state.db)
    .await?;
    let found = found.ok_or_else(invalid)?;
    if changes && found.scope == Scope::Read {
        return Err(Error::Refused(StatusCode::FORBIDDEN, "This token may only read.".to_owned()));
    }
    if found.last_used_at.is_none_or(|last| now >= last + GRAIN) {
        let query = sqlx::query("UPDATE api_tokens SET last_used_at = $1 WHERE id = $2");
        query.bind(now).bind(found.id).execute(&state.db).await?;
    }
    Ok((users::visitor(found.user_id, &found.user_name, Role::User), found.role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_checksum() {
        let text = new_text().unwrap();
        assert!(text.len() == 53 && is_well_formed(&text));
        for wrong in ["", "app_", &text[1..], &text[..52], &text.replace(&text[4..5], "-"), &format!("{text}0")] {
            assert!(!is_well_formed(wrong) || *wrong == text, "{wrong}");
        }
    }
}
