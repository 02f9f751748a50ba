//! What people do with the own account.

use axum::response::AppendHeaders;
use kernel::{
    AppState, BoxFuture, Db, Error, Result, ResultExt,
    database::{self, Connection},
    error::FieldErrors,
    jobs,
};
use mailer::Recipient;
use serde::Serialize;
use sqlx::FromRow;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    accounts::{self, Choice, NAME},
    activity::{self, Kind},
    address::Address,
    client::Client,
    cookies::Cookies,
    jobs::MailChange,
    links::{self, Link, New, Purpose},
    login,
    mails::{ChoosePassword, EmailChanged, Notice, What},
    passwords::{About, Password},
    sessions::{self, Confirmed, Session},
    steps,
    throttle::{self, REQUESTS},
    tokens,
    users::{self, User},
};

/// A part for [`kernel::Module::add`]: tells somebody on the page of the account what is wrong with the address that they have.
#[derive(Clone, Copy)]
pub struct AccountNotice(pub for<'a> fn(&'a AppState, &'a str) -> BoxFuture<'a, anyhow::Result<Option<String>>>);

/// What there is to tell about the address of an account.
///
/// # Errors
///
/// Fails when a module does.
pub async fn notices(state: &AppState, user: &User) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    for AccountNotice(tell) in state.all() {
        notices.extend(tell(state, &user.email).await?);
    }
    Ok(notices)
}

/// The user of a session.
///
/// # Errors
///
/// Is 401 when the account is gone.
pub async fn of(db: &Db, session: &Session) -> Result<User> {
    users::find(db, session.user).await?.ok_or(Error::SignIn)
}

/// Gives the account another name.
///
/// # Errors
///
/// Is 422 for a name that cannot be accepted.
pub async fn rename(state: &AppState, session: &Session, name: &str) -> Result<User> {
    let mut errors = FieldErrors::new();
    let name = NAME.read(name, &mut errors);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let mut transaction = database::begin(&state.db).await?;
    let query = sqlx::query_as("UPDATE users SET name = $1 WHERE id = $2 RETURNING *");
    let user = query.bind(name).bind(session.user).fetch_optional(&mut *transaction).await?;
    transaction.commit().await?;
    user.ok_or(Error::SignIn)
}

/// A part for [`kernel::Module::add`]: an entry of the page `/account`.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    pub title: &'static str,
    pub path: &'static str,
    /// In one sentence.
    pub about: &'static str,
}

/// Another password, and what ends with the old one.
#[derive(Clone, Debug)]
pub struct NewPassword {
    pub current: String,
    pub new: String,
    pub end_sessions: bool,
    pub end_tokens: bool,
}

/// Changes the password, and returns the cookie of the session that stays.
///
/// # Errors
///
/// Is 422 for a password that is wrong or cannot be accepted, and 429 after too many.
pub async fn change_password(
    state: &AppState,
    client: &Client,
    session: &Session,
    NewPassword { current, new, end_sessions, end_tokens }: NewPassword,
) -> Result<Cookies> {
    let user = login::check(state, session, &Password::new(&current)).await.map_err(|error| match error {
        Error::Refused(..) => Error::Invalid([("current", "This is not your password.".to_owned())].into()),
        error => error,
    })?;
    let (mut errors, is_same) = (FieldErrors::new(), current == new);
    let choice = Choice { name: String::new(), password: new };
    let password = choice.password(state, About { name: &user.name, email: &user.email }, &mut errors);
    if is_same {
        errors.insert("password", "This is the password that you have.".to_owned());
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = accounts::hash(state, &password).await?;
    let mut transaction = database::begin(&state.db).await?;
    if !users::hold(&mut transaction, &user).await? {
        return Err(Error::SignIn);
    }
    users::set_password(&mut transaction, user.id, &hash).await?;
    links::end_all(state, &mut transaction, user.id).await?;
    steps::end_all(&mut transaction, user.id).await?;
    if end_sessions {
        sessions::end_all(&mut transaction, user.id, Some(session.id)).await?;
    }
    if end_tokens {
        tokens::end_all(&mut transaction, user.id).await?;
    }
    let cookie = sessions::confirm(state, &mut transaction, session).await?;
    activity::note(state, &mut transaction, user.id, Kind::PasswordChanged, client).await?;
    let mail = Notice { what: What::PasswordChanged };
    mailer::send(state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    transaction.commit().await?;
    Ok(AppendHeaders(vec![cookie]))
}

/// Sends a link to another address, which becomes the account's when the link is used. Whether somebody has that address
/// already, its owner is told alone.
///
/// # Errors
///
/// Is 422 for what is no address, and 429 after too many.
pub async fn ask_for_email(
    state: &AppState,
    client: &Client,
    Confirmed(session): &Confirmed,
    email: &str,
) -> Result<()> {
    let address = accounts::read_address(email)?;
    throttle::take(state, REQUESTS, &client.network).await?;
    let mut transaction = database::begin(&state.db).await?;
    jobs::enqueue(&mut transaction, &MailChange { user: session.user, email: address.text }).await?;
    transaction.commit().await?;
    Ok(())
}

/// Changes the address to the one that a link proves, and tells the one before, which can take it back.
///
/// # Errors
///
/// Is 410 for a link that cannot be used, or is another account's.
pub async fn change_email(state: &AppState, client: &Client, session: &Session, link: &Link) -> Result<()> {
    let is_own = link.user_id == Some(session.user);
    let address = Address::parse(&link.email).filter(|_| is_own).ok_or_else(links::gone)?;
    let mut transaction = database::begin(&state.db).await?;
    let user = links::use_up(state, &mut transaction, link).await?.ok_or_else(links::gone)?;
    set_email(&mut transaction, user.id, &address).await?;
    links::end_all(state, &mut transaction, user.id).await?;
    let new = New { purpose: Purpose::Undo, user: Some(user.id), email: &user.email, next: None };
    let undo = links::create(state, &mut transaction, new).await?;
    let mail = EmailChanged { link: undo, email: user.email.clone(), new: address.text };
    mailer::send(state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    activity::note(state, &mut transaction, user.id, Kind::EmailChanged, client).await?;
    transaction.commit().await?;
    Ok(())
}

async fn set_email(transaction: &mut Connection, user: Uuid, address: &Address) -> Result<()> {
    let query = sqlx::query("UPDATE users SET email = $1, email_key = $2 WHERE id = $3");
    let changed = query.bind(&address.text).bind(&address.key).bind(user).execute(transaction).await;
    // Somebody may have made an account with this address since.
    changed.on_constraint("users_email_key_key", "email", "taken").map(drop).map_err(|error| match error {
        Error::Invalid(_) => links::gone(),
        error => error,
    })
}

/// Takes a change of the address back. The password may be known to somebody else: it is worth nothing any more, all that was
/// open is closed, and a link for another password follows.
///
/// # Errors
///
/// Is 410 for a link that cannot be used.
pub async fn undo_email(state: &AppState, client: &Client, link: &Link) -> Result<()> {
    let address = Address::parse(&link.email).ok_or_else(links::gone)?;
    let mut transaction = database::begin(&state.db).await?;
    let user = links::use_up(state, &mut transaction, link).await?.ok_or_else(links::gone)?;
    links::end_later_undos(state, &mut transaction, link).await?;
    set_email(&mut transaction, user.id, &address).await?;
    // Whoever has changed the address may have deleted the account, too.
    let query = "UPDATE users SET password = NULL, delete_after = NULL, \
                 deactivated_at = CASE WHEN delete_after IS NULL THEN deactivated_at END WHERE id = $1";
    sqlx::query(query).bind(user.id).execute(&mut *transaction).await?;
    accounts::close(state, &mut transaction, &user).await?;
    activity::note(state, &mut transaction, user.id, Kind::EmailUndone, client).await?;
    if user.is_active() || user.delete_after.is_some() {
        let new = New { purpose: Purpose::Reset, user: Some(user.id), email: &address.text, next: None };
        let reset = links::create(state, &mut transaction, new).await?;
        let mail = ChoosePassword { link: reset, email: address.text.clone(), is_invite: false };
        mailer::send(state, &mut transaction, &Recipient::new(&address.text).user(user.id), &mail).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A session, as its user sees it.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub struct Listed {
    pub id: Uuid,
    /// The address that it was begun from.
    pub client: String,
    /// What the browser calls itself.
    pub agent: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: OffsetDateTime,
    /// Whether it is the one of the request.
    #[sqlx(skip)]
    pub is_current: bool,
}

/// The sessions of a user, the newest first.
///
/// # Errors
///
/// Fails when the database does.
pub async fn sessions(db: &Db, session: &Session) -> sqlx::Result<Vec<Listed>> {
    let query = "SELECT id, client, agent, created_at, last_seen_at FROM sessions WHERE user_id = $1 ORDER BY id DESC";
    let mut list: Vec<Listed> = sqlx::query_as(query).bind(session.user).fetch_all(db).await?;
    for listed in &mut list {
        listed.is_current = listed.id == session.id;
    }
    Ok(list)
}

/// Ends one session, or all; the own one stays where `keep` says so.
///
/// # Errors
///
/// Is 404 for a session that is not there.
pub async fn end_sessions(state: &AppState, client: &Client, session: &Session, which: Which) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    users::lock(&mut transaction, session.user).await?.ok_or(Error::SignIn)?;
    match which {
        Which::One(id) => {
            let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id = $2");
            let ended = query.bind(session.user).bind(id).execute(&mut *transaction).await?.rows_affected();
            if ended == 0 {
                return Err(Error::NotFound);
            }
        }
        Which::Others => drop(sessions::end_all(&mut transaction, session.user, Some(session.id)).await?),
        Which::All => drop(sessions::end_all(&mut transaction, session.user, None).await?),
    }
    activity::note(state, &mut transaction, session.user, Kind::SessionsEnded, client).await?;
    transaction.commit().await?;
    Ok(())
}

/// Which sessions end.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    One(Uuid),
    Others,
    All,
}
