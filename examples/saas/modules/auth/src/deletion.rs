//! The end of an account, and what its owner takes along.

use std::sync::{Mutex, PoisonError};

use axum::response::AppendHeaders;
use kernel::{AppState, Error, Event, Result, database};
use mailer::Recipient;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    account, accounts,
    activity::{self, Kind},
    address,
    client::Client,
    cookies::{self, Cookies},
    links::{self, Link, New, Purpose},
    mails::Deleted,
    manage,
    sessions::Confirmed,
    settings::AuthSettings,
    tokens, users,
};

/// An account is deleted for good: whatever belongs to it goes as well.
#[derive(Clone, Copy, Debug)]
pub struct UserDeleted {
    pub user: Uuid,
}

impl Event for UserDeleted {}

/// Somebody wants all that there is about them: modules add what they have.
#[derive(Debug)]
pub struct Export {
    pub user: Uuid,
    data: Mutex<Map<String, Value>>,
}

impl Event for Export {}

impl Export {
    /// Adds what a module has.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be written as JSON.
    pub fn add<T: Serialize + ?Sized>(&self, what: &str, data: &T) -> anyhow::Result<()> {
        let data = serde_json::to_value(data)?;
        self.data.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned(), data);
        Ok(())
    }
}

/// All that there is about the owner of a session.
///
/// # Errors
///
/// Fails when a module does.
pub async fn export(state: &AppState, Confirmed(session): &Confirmed) -> Result<Value> {
    let user = account::of(&state.db, session).await?;
    let export = Export { user: user.id, data: Mutex::default() };
    export.add("account", &user)?;
    export.add("sessions", &account::sessions(&state.db, session).await?)?;
    export.add("tokens", &tokens::all(&state.db, user.id).await?)?;
    export.add("activity", &activity::all(&state.db, user.id).await?)?;
    let mut transaction = database::begin(&state.db).await?;
    state.emit(&mut transaction, &export).await?;
    transaction.commit().await?;
    Ok(Value::Object(export.data.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Deactivates an account, and deletes it when the time to think it over has passed.
///
/// # Errors
///
/// Is 422 for another address than the account's, and for the last administrator.
pub async fn ask(state: &AppState, client: &Client, Confirmed(session): &Confirmed, email: &str) -> Result<Cookies> {
    let user = account::of(&state.db, session).await?;
    let refuse = |message: &str| Error::Invalid([("email", message.to_owned())].into());
    if address::key(email) != user.email_key {
        return Err(refuse("This is not the address of your account."));
    }
    let mut transaction = database::begin(&state.db).await?;
    let user = users::lock_with_admins(&mut transaction, user.id).await?.ok_or(Error::SignIn)?;
    if manage::is_last_admin(&mut transaction, &user).await? {
        return Err(refuse("You are the last administrator: give somebody else the role first."));
    }
    let now = state.clock.now().truncate_to_second();
    let end = now + state.config.settings::<AuthSettings>().deletion;
    let query = sqlx::query("UPDATE users SET deactivated_at = $1, delete_after = $2 WHERE id = $3");
    query.bind(now).bind(end).bind(user.id).execute(&mut *transaction).await?;
    accounts::close(state, &mut transaction, &user).await?;
    let new = New { purpose: Purpose::Keep, user: Some(user.id), email: &user.email, next: None };
    let link = links::create(state, &mut transaction, new).await?;
    let mail = Deleted { link, email: user.email.clone(), on: end.date().to_string() };
    mailer::send(state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    activity::note(state, &mut transaction, user.id, Kind::Deleted, client).await?;
    transaction.commit().await?;
    Ok(AppendHeaders(vec![cookies::forget(state, cookies::SESSION), cookies::forget(state, cookies::DEVICE)]))
}

/// Keeps an account that is to be deleted.
///
/// # Errors
///
/// Is 410 for a link that cannot be used.
pub async fn keep(state: &AppState, client: &Client, link: &Link) -> Result<()> {
    let mut transaction = database::begin(&state.db).await?;
    let user = links::use_up(state, &mut transaction, link).await?;
    let user = user.filter(|user| user.delete_after.is_some()).ok_or_else(links::gone)?;
    let query = sqlx::query("UPDATE users SET deactivated_at = NULL, delete_after = NULL WHERE id = $1");
    query.bind(user.id).execute(&mut *transaction).await?;
    activity::note(state, &mut transaction, user.id, Kind::Kept, client).await?;
    transaction.commit().await?;
    Ok(())
}

/// Deletes the accounts whose time is over.
///
/// # Errors
///
/// Fails when the database or another module does; accounts that are deleted by then stay so.
pub async fn purge(state: &AppState) -> anyhow::Result<()> {
    let now = state.clock.now().truncate_to_second();
    let query = sqlx::query_scalar("SELECT id FROM users WHERE delete_after <= $1");
    let ids: Vec<Uuid> = query.bind(now).fetch_all(&state.db).await?;
    for id in ids {
        let mut transaction = database::begin(&state.db).await?;
        // It may have been kept meanwhile.
        let user = users::lock(&mut transaction, id).await?;
        if let Some(user) = user.filter(|user| user.delete_after.is_some_and(|end| end <= now)) {
            manage::delete(state, &mut transaction, &user).await?;
            transaction.commit().await?;
            tracing::info!(user = %id, "account deleted");
        }
    }
    Ok(())
}
