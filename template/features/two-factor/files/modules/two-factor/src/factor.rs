//! The second factor of somebody: how it is set up, used and taken away.

use auth::{Client, Cookies, Pending, Role, Session, User};
use axum::http::StatusCode;
use kernel::{
    AppState, Error, Result,
    database::{self, Connection},
};
use mailer::Recipient;
use serde::Serialize;
use sqlx::FromRow;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    CODE_USED, CODES_MADE, TURNED_OFF, TURNED_ON,
    mails::{Notice, What},
    recovery,
    settings::TwoFactorSettings,
    totp::{self, Key},
};

/// What its owner sees of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Status {
    /// Nothing while it is off.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<OffsetDateTime>,
    pub recovery_codes_left: i64,
    /// Whether the owner has said so.
    pub recovery_codes_saved: bool,
    /// Whether this account can do nothing without it.
    pub is_required: bool,
}

impl Status {
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// Whether its owner may be locked out soon.
    #[must_use]
    pub const fn has_few_codes(&self) -> bool {
        self.is_on() && (self.recovery_codes_left <= recovery::FEW || !self.recovery_codes_saved)
    }
}

#[derive(FromRow)]
struct Factor {
    salt: String,
    codes_saved: i64,
    confirmed_at: Option<OffsetDateTime>,
}

async fn find(connection: &mut Connection, user: Uuid) -> sqlx::Result<Option<Factor>> {
    let query = "SELECT salt, codes_saved, confirmed_at FROM two_factor WHERE user_id = $1";
    sqlx::query_as(query).bind(user).fetch_optional(connection).await
}

/// The second factor of somebody.
pub async fn status(state: &AppState, user: Uuid, role: Role) -> Result<Status> {
    let mut connection = state.db.acquire().await?;
    let is_required = state.config.settings::<TwoFactorSettings>().required.of(role);
    Ok(read(&mut connection, user, is_required).await?)
}

/// What somebody takes along who asks for all that there is about them.
pub async fn exported(state: &AppState, connection: &mut Connection, user: Uuid) -> sqlx::Result<Status> {
    let required = state.config.settings::<TwoFactorSettings>().required;
    let role = auth::find_user(&mut *connection, user).await?.map(|user| user.role);
    read(connection, user, role.is_some_and(|role| required.of(role))).await
}

async fn read(connection: &mut Connection, user: Uuid, is_required: bool) -> sqlx::Result<Status> {
    let factor = find(&mut *connection, user).await?.filter(|factor| factor.confirmed_at.is_some());
    let recovery_codes_left = if factor.is_some() { recovery::count(connection, user).await? } else { 0 };
    Ok(Status {
        since: factor.as_ref().and_then(|factor| factor.confirmed_at),
        recovery_codes_left,
        recovery_codes_saved: factor.is_some_and(|factor| factor.codes_saved != 0),
        is_required,
    })
}

/// Since when somebody signs in with a second factor.
pub async fn since(connection: &mut Connection, user: Uuid) -> sqlx::Result<Option<OffsetDateTime>> {
    Ok(find(connection, user).await?.and_then(|factor| factor.confirmed_at))
}

/// Begins to set it up: with another key than before.
///
/// # Errors
///
/// Is 409 when it is on.
pub async fn begin(state: &AppState, session: &Session) -> Result<()> {
    let query = "INSERT INTO two_factor (user_id, salt, last_step, codes_saved) VALUES ($1, $2, 0, 0) \
                 ON CONFLICT (user_id) DO UPDATE SET salt = excluded.salt WHERE two_factor.confirmed_at IS NULL";
    let query = sqlx::query(query).bind(session.user).bind(Uuid::new_v4().to_string());
    if query.execute(&state.db).await?.rows_affected() == 0 {
        return Err(Error::Refused(StatusCode::CONFLICT, "It is on already: turn it off first.".to_owned()));
    }
    Ok(())
}

/// What the app of the owner has to know, until it is on. Afterwards nobody sees it again.
///
/// # Errors
///
/// Is 404 when nothing was begun.
pub async fn key(state: &AppState, session: &Session) -> Result<Key> {
    let user = auth::find_user(&state.db, session.user).await?.ok_or(Error::SignIn)?;
    let factor = find(&mut *state.db.acquire().await?, user.id).await?;
    let factor = factor.filter(|factor| factor.confirmed_at.is_none()).ok_or(Error::NotFound)?;
    Ok(Key::new(state, user.id, &user.email, &factor.salt)?)
}

/// Turns it on with a code of the app, which is used up by that, and returns recovery codes.
///
/// # Errors
///
/// Is 422 for a wrong code, and 404 when nothing was begun.
pub async fn turn_on(state: &AppState, client: &Client, session: &Session, code: &str) -> Result<Vec<String>> {
    let mut transaction = database::begin(&state.db).await?;
    let user = auth::lock_user(&mut transaction, session.user).await?.ok_or(Error::SignIn)?;
    let factor = find(&mut transaction, user.id).await?;
    let factor = factor.filter(|factor| factor.confirmed_at.is_none()).ok_or(Error::NotFound)?;
    let step = totp::check(state, user.id, &factor.salt, &digits(code))?;
    let wrong = || Error::Invalid([("code", "This is not the code that the app shows now.".to_owned())].into());
    let query = "UPDATE two_factor SET confirmed_at = $1, last_step = $2 \
                 WHERE user_id = $3 AND salt = $4 AND confirmed_at IS NULL";
    let query = sqlx::query(query).bind(state.clock.now().truncate_to_second()).bind(step.ok_or_else(wrong)?);
    let changed = query.bind(user.id).bind(&factor.salt).execute(&mut *transaction).await?.rows_affected();
    if changed == 0 {
        return Err(Error::NotFound);
    }
    let codes = recovery::replace(&mut transaction, user.id).await?;
    auth::note_other(state, &mut transaction, user.id, TURNED_ON, client).await?;
    tell(state, &mut transaction, &user, What::TurnedOn).await?;
    transaction.commit().await?;
    Ok(codes)
}

/// Turns it off.
///
/// # Errors
///
/// Is 404 when it is off.
pub async fn turn_off(state: &AppState, client: &Client, session: &Session) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    let user = auth::lock_user(&mut transaction, session.user).await?.ok_or(Error::SignIn)?;
    if !delete(&mut transaction, user.id).await? {
        return Err(Error::NotFound);
    }
    auth::note_other(state, &mut transaction, user.id, TURNED_OFF, client).await?;
    tell(state, &mut transaction, &user, What::TurnedOff).await?;
    transaction.commit().await?;
    Ok(())
}

/// Deletes all that there is of somebody; says whether it was on.
pub async fn delete(connection: &mut Connection, user: Uuid) -> sqlx::Result<bool> {
    recovery::delete(&mut *connection, user).await?;
    let was_on = since(&mut *connection, user).await?.is_some();
    sqlx::query("DELETE FROM two_factor WHERE user_id = $1").bind(user).execute(connection).await?;
    Ok(was_on)
}

/// Makes other recovery codes. Those from before count no more.
///
/// # Errors
///
/// Is 404 when the second factor is off.
pub async fn make_codes(state: &AppState, client: &Client, session: &Session) -> Result<Vec<String>> {
    let mut transaction = database::begin(&state.db).await?;
    let user = auth::lock_user(&mut transaction, session.user).await?.ok_or(Error::SignIn)?;
    if !set_saved(&mut transaction, user.id, false).await? {
        return Err(Error::NotFound);
    }
    let codes = recovery::replace(&mut transaction, user.id).await?;
    auth::note_other(state, &mut transaction, user.id, CODES_MADE, client).await?;
    tell(state, &mut transaction, &user, What::CodesMade).await?;
    transaction.commit().await?;
    Ok(codes)
}

/// Notes whether the owner has put the recovery codes somewhere; says whether the second factor is on.
pub async fn set_saved(connection: &mut Connection, user: Uuid, saved: bool) -> sqlx::Result<bool> {
    let query = "UPDATE two_factor SET codes_saved = $1 WHERE user_id = $2 AND confirmed_at IS NOT NULL";
    let query = sqlx::query(query).bind(i64::from(saved)).bind(user);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// What somebody gets who has done all that a login asks for.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: User,
    pub cookies: Cookies,
    /// How many recovery codes are left, after one was used.
    pub codes_left: Option<i64>,
}

/// Finishes a login with a code of the app or a recovery code, which is used up by that.
///
/// # Errors
///
/// Is 401 for a wrong code, 410 for a login that is over, and 429 after too many for the account.
pub async fn sign_in(state: &AppState, client: &Client, pending: &Pending, code: &str) -> Result<SignedIn> {
    pending.attempt(state).await?;
    let mut transaction = database::begin(&state.db).await?;
    auth::lock_user(&mut transaction, pending.user_id).await?;
    let Some(kind) = use_up(state, &mut transaction, pending.user_id, code).await? else {
        transaction.rollback().await?;
        return Err(pending.fail(state, client, "This code is wrong, or was used before.").await?);
    };
    let (user, cookies) = pending.finish(state, &mut transaction, client).await?;
    let codes_left = if kind == Kind::Recovery {
        let left = recovery::count(&mut *transaction, user.id).await?;
        auth::note_other(state, &mut transaction, user.id, CODE_USED, client).await?;
        tell(state, &mut transaction, &user, What::CodeUsed { left }).await?;
        Some(left)
    } else {
        None
    };
    transaction.commit().await?;
    Ok(SignedIn { user, cookies, codes_left })
}

/// Whose code it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    App,
    Recovery,
}

/// Whoever uses the same code at the same time waits for the account, and finds that it was used.
async fn use_up(state: &AppState, transaction: &mut Connection, user: Uuid, code: &str) -> Result<Option<Kind>> {
    let Some(factor) = find(&mut *transaction, user).await? else { return Ok(None) };
    if let Some(step) = totp::check(state, user, &factor.salt, &digits(code))? {
        let query = "UPDATE two_factor SET last_step = $1 \
                     WHERE user_id = $2 AND salt = $3 AND last_step < $1 AND confirmed_at IS NOT NULL";
        let query = sqlx::query(query).bind(step).bind(user).bind(&factor.salt);
        return Ok((query.execute(transaction).await?.rows_affected() == 1).then_some(Kind::App));
    }
    let is_on = factor.confirmed_at.is_some();
    Ok((is_on && recovery::use_up(transaction, user, code).await?).then_some(Kind::Recovery))
}

/// People write codes in groups.
fn digits(code: &str) -> String {
    code.chars().filter(|char| !char.is_whitespace()).collect()
}

async fn tell(state: &AppState, transaction: &mut Connection, user: &User, what: What) -> Result<()> {
    mailer::send(state, transaction, &Recipient::new(&user.email).user(user.id), &Notice { what }).await?;
    Ok(())
}
