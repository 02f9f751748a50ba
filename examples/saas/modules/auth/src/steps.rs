//! What a login may ask for after the password, such as a code from a phone. Another module brings it, as a [`Step`]. The login
//! waits for it as a [`Pending`], which has a cookie and a table of its own: it is no session, and becomes none before the step is
//! taken.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, request::Parts},
};
use kernel::{
    AppState, BoxFuture, Error, Result,
    database::{self, Backend, Connection},
};
use mailer::Recipient;
use sqlx::{Executor, FromRow};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    activity::{self, Kind},
    client::Client,
    cookies::{self, Cookies},
    login,
    mails::{Notice, What},
    manage, next, secret, throttle,
    users::{self, User},
};

/// How long a login waits.
pub const LIFE: Duration = Duration::minutes(10);

/// How often the step of one login may fail.
const ATTEMPTS: i64 = 5;

/// What a step finds out or does about a user, in a transaction.
pub type OfUser<T> = for<'a> fn(&'a AppState, &'a mut Connection, Uuid) -> BoxFuture<'a, anyhow::Result<T>>;

/// A part for [`kernel::Module::add`]: what a login asks for between the right password and the session. Where several are due, each
/// of them will do.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What the API calls it.
    pub method: &'static str,
    /// The page where it is taken.
    pub page: &'static str,
    /// Since when this user has to take it; nothing if they have not.
    pub since: OfUser<Option<OffsetDateTime>>,
    /// Takes it away from a user; says whether it was there.
    pub remove: OfUser<bool>,
}

/// The steps that are due for a user, and since when.
pub async fn due(
    state: &AppState,
    connection: &mut Connection,
    user: Uuid,
) -> anyhow::Result<Vec<(Step, OffsetDateTime)>> {
    let mut due = Vec::new();
    for step in state.all::<Step>() {
        let since = (step.since)(state, &mut *connection, user).await?;
        due.extend(since.map(|since| (*step, since)));
    }
    Ok(due)
}

/// A login that waits for a step: an extractor for the handlers which take it.
#[derive(Clone, Debug, FromRow)]
pub struct Pending {
    id: Uuid,
    /// Who has given the right password.
    pub user_id: Uuid,
    remembered: i64,
    next: Option<String>,
}

/// Begins to wait, in the place of another login of the client, and returns the cookie.
pub async fn wait(
    state: &AppState,
    transaction: &mut Connection,
    client: &Client,
    user: &User,
    (remember, next): (bool, &str),
) -> Result<(HeaderName, HeaderValue)> {
    if let Some(old) = &client.pending {
        end_token(&mut *transaction, old).await?;
    }
    let token = secret::new()?;
    sqlx::query(
        "INSERT INTO pending_logins (id, token_hash, user_id, remembered, next, attempts, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6)",
    )
    .bind(Uuid::now_v7())
    .bind(secret::hash(&token))
    .bind(user.id)
    .bind(i64::from(remember))
    .bind(next::check(next))
    .bind(state.clock.now().truncate_to_second())
    .execute(transaction)
    .await?;
    Ok(cookies::set(state, cookies::PENDING, &token, Some(LIFE)))
}

/// Ends the login of a token.
pub async fn end_token<'c>(db: impl Executor<'c, Database = Backend>, token: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM pending_logins WHERE token_hash = $1").bind(secret::hash(token)).execute(db).await?;
    Ok(())
}

/// Ends all logins of a user that wait.
pub async fn end_all(connection: &mut Connection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM pending_logins WHERE user_id = $1").bind(user).execute(connection).await?;
    Ok(())
}

impl Pending {
    /// Where the login leads.
    #[must_use]
    pub fn next(&self) -> &str {
        self.next.as_deref().unwrap_or("/")
    }

    /// Counts an attempt to take the step, before it is looked at: for this login, and for the account, so that another login
    /// does not give more of them.
    ///
    /// # Errors
    ///
    /// Is 429 after too many for the account, and 410 after too many for this login. Both end it.
    pub async fn attempt(&self, state: &AppState) -> Result<()> {
        let counted = throttle::take(state, throttle::STEPS, &self.user_id.to_string()).await;
        if matches!(counted, Err(Error::TooMany(_))) {
            self.end(state).await?;
        }
        counted?;
        let query = "UPDATE pending_logins SET attempts = attempts + 1 WHERE id = $1 AND attempts < $2";
        let query = sqlx::query(query).bind(self.id).bind(ATTEMPTS);
        if query.execute(&state.db).await?.rows_affected() == 0 {
            return Err(over());
        }
        Ok(())
    }

    async fn end(&self, state: &AppState) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM pending_logins WHERE id = $1").bind(self.id).execute(&state.db).await?;
        Ok(())
    }

    /// Notes that an attempt has failed, and returns what to answer: 401, or 410 when the login is over. After too many the login ends, and the owner of the account is told: somebody knows the
    /// password.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub async fn fail(&self, state: &AppState, client: &Client, message: &str) -> Result<Error> {
        let mut transaction = database::begin(&state.db).await?;
        let user = users::lock(&mut transaction, self.user_id).await?.ok_or_else(over)?;
        activity::note(state, &mut transaction, user.id, Kind::StepFailed, client).await?;
        let query = sqlx::query("DELETE FROM pending_logins WHERE id = $1 AND attempts >= $2");
        let ended = query.bind(self.id).bind(ATTEMPTS).execute(&mut *transaction).await?.rows_affected() > 0;
        if ended {
            tell_of_failures(state, &mut transaction, &user).await?;
        }
        transaction.commit().await?;
        Ok(if ended { over() } else { Error::Refused(StatusCode::UNAUTHORIZED, message.to_owned()) })
    }

    /// Makes a session of the login, once: the step is taken. Whatever the step uses up goes into the same transaction, after
    /// [`crate::lock_user`].
    ///
    /// # Errors
    ///
    /// Is 410 when the login has ended meanwhile.
    pub async fn finish(
        &self,
        state: &AppState,
        transaction: &mut Connection,
        client: &Client,
    ) -> Result<(User, Cookies)> {
        let user = users::lock(&mut *transaction, self.user_id).await?;
        let user = user.filter(User::is_active).ok_or_else(over)?;
        throttle::give_back(state, transaction, throttle::STEPS, &user.id.to_string()).await?;
        let query = sqlx::query("DELETE FROM pending_logins WHERE id = $1").bind(self.id);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(over());
        }
        let mut cookies = login::establish(state, transaction, client, &user, self.remembered != 0).await?;
        cookies.0.push(cookies::forget(state, cookies::PENDING));
        activity::note(state, transaction, user.id, Kind::SignedIn, client).await?;
        Ok((user, cookies))
    }
}

async fn tell_of_failures(state: &AppState, transaction: &mut Connection, user: &User) -> Result<()> {
    let key = format!("steps|{}", user.id);
    if throttle::reserve(state, transaction, throttle::NOTICES, &key).await?.is_none() {
        let mail = Notice { what: What::StepFailed };
        mailer::send(state, transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    }
    Ok(())
}

fn over() -> Error {
    Error::Refused(StatusCode::GONE, "This login is over. Begin again with your password.".to_owned())
}

impl FromRequestParts<AppState> for Pending {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let token = cookies::read(state, &parts.headers, cookies::PENDING).ok_or_else(over)?;
        find(state, &token).await?.ok_or_else(over)
    }
}

async fn find(state: &AppState, token: &str) -> sqlx::Result<Option<Pending>> {
    sqlx::query_as(
        "SELECT pending_logins.id, user_id, remembered, next FROM pending_logins JOIN users ON users.id = user_id \
         WHERE token_hash = $1 AND pending_logins.created_at > $2 AND attempts < $3 AND deactivated_at IS NULL",
    )
    .bind(secret::hash(token))
    .bind(state.clock.now().truncate_to_second() - LIFE)
    .bind(ATTEMPTS)
    .fetch_optional(&state.db)
    .await
}

/// Takes all steps away from an account whose owner cannot take them any more.
///
/// Whoever has asked for that may be somebody else: the password is worth nothing from then on, and the owner chooses another one by
/// a mailed link.
///
/// # Errors
///
/// Fails if there is no such account, or it has no steps.
pub async fn remove_all(state: &AppState, email: &str) -> anyhow::Result<String> {
    let mut transaction = database::begin(&state.db).await?;
    let user = manage::lock(&mut transaction, email).await?;
    let mut removed = false;
    for step in state.all::<Step>() {
        removed |= (step.remove)(state, &mut transaction, user.id).await?;
    }
    anyhow::ensure!(removed, "{} signs in with the password alone", user.email);
    sqlx::query("UPDATE users SET password = NULL WHERE id = $1").bind(user.id).execute(&mut *transaction).await?;
    crate::accounts::close(state, &mut transaction, &user).await?;
    activity::note(state, &mut transaction, user.id, Kind::StepsRemoved, &Client::program()).await?;
    let mail = Notice { what: What::StepsRemoved };
    mailer::send(state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    transaction.commit().await?;
    Ok(format!("{} is signed out everywhere, and chooses another password by a mailed link\n", user.email))
}
