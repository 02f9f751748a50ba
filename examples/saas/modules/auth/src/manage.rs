//! What those who run the application do with accounts.

use anyhow::{Context, bail, ensure};
use kernel::{
    AppState,
    database::{self, Connection},
};

use crate::{
    accounts::{self, Adoption},
    address,
    deletion::UserDeleted,
    links::Purpose,
    sessions, throttle,
    users::{self, Role, User},
};

const LAST: &str = "this is the last administrator: give somebody else the role first";

/// What is done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Promote,
    Demote,
    Deactivate,
    Activate,
    EndSessions,
    Unlock,
    Adopt,
    Delete,
}

/// Changes an account. It takes effect with the next request of its owner.
///
/// # Errors
///
/// Fails if there is no such account, or nobody could manage the application any more.
pub async fn change(state: &AppState, email: &str, change: Change) -> anyhow::Result<String> {
    let mut transaction = database::begin(&state.db).await?;
    let user = match change {
        Change::Demote | Change::Deactivate | Change::Delete => lock_unless_last(&mut transaction, email).await?,
        _ => lock(&mut transaction, email).await?,
    };
    let done = match change {
        Change::Promote => set_role(state, &mut transaction, &user, Role::Admin).await?,
        Change::Demote => set_role(state, &mut transaction, &user, Role::User).await?,
        Change::Deactivate => {
            let query = sqlx::query("UPDATE users SET deactivated_at = $1 WHERE id = $2");
            query.bind(state.clock.now().truncate_to_second()).bind(user.id).execute(&mut *transaction).await?;
            accounts::close(state, &mut transaction, &user).await?;
            "is deactivated, and signed out everywhere".to_owned()
        }
        Change::Activate => {
            let query = sqlx::query("UPDATE users SET deactivated_at = NULL, delete_after = NULL WHERE id = $1");
            query.bind(user.id).execute(&mut *transaction).await?;
            "is active".to_owned()
        }
        Change::EndSessions => {
            let ended = sessions::end_all(&mut transaction, user.id, None).await?;
            format!("is signed out of {ended} sessions")
        }
        Change::Unlock => {
            throttle::unlock(state, &mut transaction, &user.email_key).await?;
            // Nothing else does this: who has the mailbox alone gets no more attempts.
            throttle::forget(state, &mut transaction, throttle::STEPS, &user.id.to_string()).await?;
            "can sign in again".to_owned()
        }
        Change::Adopt => {
            ensure!(user.is_active(), "this account is deactivated");
            state.emit(&mut transaction, &Adoption { user: user.id }).await?;
            "has what belonged to nobody".to_owned()
        }
        Change::Delete => {
            delete(state, &mut transaction, &user).await?;
            "is deleted".to_owned()
        }
    };
    transaction.commit().await?;
    Ok(format!("{} {done}\n", user.email))
}

/// The account with an address.
///
/// # Errors
///
/// Fails if there is none.
pub async fn find(transaction: &mut Connection, email: &str) -> anyhow::Result<User> {
    users::find_by_key(transaction, &address::key(email)).await?.with_context(|| missing(email))
}

fn missing(email: &str) -> String {
    format!("there is no account with the address {email}")
}

/// Locks the account with an address: see [`users::lock`].
///
/// # Errors
///
/// Fails if there is none.
pub async fn lock(transaction: &mut Connection, email: &str) -> anyhow::Result<User> {
    users::lock_by_key(transaction, &address::key(email)).await?.with_context(|| missing(email))
}

async fn lock_unless_last(transaction: &mut Connection, email: &str) -> anyhow::Result<User> {
    let id = find(transaction, email).await?.id;
    let user = users::lock_with_admins(transaction, id).await?.with_context(|| missing(email))?;
    ensure!(!is_last_admin(transaction, &user).await?, LAST);
    Ok(user)
}

/// Whether nobody could manage the application without this user, after [`users::lock_with_admins`].
///
/// # Errors
///
/// Fails when the database does.
pub async fn is_last_admin(transaction: &mut Connection, user: &User) -> sqlx::Result<bool> {
    let is_admin = user.role == Role::Admin && user.is_active();
    Ok(is_admin && users::count_admins(transaction).await? <= 1)
}

async fn set_role(state: &AppState, transaction: &mut Connection, user: &User, role: Role) -> anyhow::Result<String> {
    if user.role == role {
        bail!("this account has the role {} already", role.name());
    }
    let query = sqlx::query("UPDATE users SET role = $1 WHERE id = $2");
    query.bind(role.name()).bind(user.id).execute(&mut *transaction).await?;
    // A session lasts as long as its role allows.
    sessions::end_all(transaction, user.id, None).await?;
    if role == Role::Admin {
        state.emit(transaction, &Adoption { user: user.id }).await?;
    }
    Ok(format!("has the role {}, and is signed out everywhere", role.name()))
}

/// Makes a link for another password, and ends all sessions.
///
/// # Errors
///
/// Fails if there is no such account.
pub async fn reset(state: &AppState, email: &str) -> anyhow::Result<String> {
    let mut transaction = database::begin(&state.db).await?;
    let user = lock(&mut transaction, email).await?;
    ensure!(user.is_active(), "this account is deactivated");
    sessions::end_all(&mut transaction, user.id, None).await?;
    let purpose = if user.password.is_some() { Purpose::Reset } else { Purpose::Invite };
    let url = accounts::link_for(state, &mut transaction, &user, purpose).await?;
    transaction.commit().await?;
    Ok(url)
}

/// Deletes an account, and what other modules have of it.
///
/// # Errors
///
/// Fails when the database or another module does.
pub async fn delete(state: &AppState, transaction: &mut Connection, user: &User) -> anyhow::Result<()> {
    state.emit(transaction, &UserDeleted { user: user.id }).await?;
    sqlx::query("DELETE FROM users WHERE id = $1").bind(user.id).execute(transaction).await?;
    Ok(())
}
