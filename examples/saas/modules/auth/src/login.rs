//! Signing in and out.

use axum::{http::StatusCode, response::AppendHeaders};
use kernel::{
    AppState, Error, Result,
    database::{self, Connection},
};
use uuid::Uuid;

use crate::{
    activity::{self, Kind},
    address,
    client::Client,
    cookies::{self, Cookies},
    devices,
    passwords::{Hasher, Password},
    sessions::{self, Session, Start},
    steps::{self, Step},
    throttle,
    users::{self, User},
};

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Credentials<'a> {
    pub email: &'a str,
    pub password: Password,
    pub remember: bool,
    /// Where to go afterwards, if there is a step in between.
    pub next: &'a str,
}

/// What comes of the right password.
#[derive(Clone, Debug)]
pub enum Outcome {
    SignedIn(User, Cookies),
    /// There is no session yet: one of these steps has to be taken.
    Due(Vec<Step>, Cookies),
}

/// Signs somebody in, as far as the password goes. Whether there is no such account, it has no password or it is another one: neither the answer nor the
/// work that it takes is different.
///
/// # Errors
///
/// Is 401 for a wrong address or password, 429 after too many, and 503 while too many others sign in.
pub async fn login(state: &AppState, client: &Client, credentials: Credentials<'_>) -> Result<Outcome> {
    let Credentials { email, password, remember, next } = credentials;
    let account = address::key(email);
    let user = users::find_by_key(&state.db, &account).await?;
    let attempt = throttle::reserve_login(state, client, &account, user.as_ref()).await?;
    let stored = user.as_ref().filter(|user| user.is_active()).and_then(|user| user.password.as_deref());
    let hasher: &Hasher = state.service();
    let is_right = !password.is_too_long() && hasher.verify(&password, stored).await?;
    let Some(user) = user.as_ref().filter(|_| is_right) else {
        let id = user.map_or_else(Uuid::nil, |user| user.id);
        let mut transaction = database::begin(&state.db).await?;
        activity::note(state, &mut transaction, id, Kind::Failed, client).await?;
        transaction.commit().await?;
        return Err(wrong());
    };
    let outdated = stored.is_some_and(|stored| hasher.is_outdated(stored));
    let renewed = if outdated { Some(hasher.hash(&password).await?) } else { None };
    let mut transaction = database::begin(&state.db).await?;
    if !users::hold(&mut transaction, user).await? {
        return Err(wrong());
    }
    attempt.succeed(&mut transaction).await?;
    if let Some(hash) = renewed {
        users::set_password(&mut transaction, user.id, &hash).await?;
    }
    let due = steps::due(state, &mut transaction, user.id).await?;
    if !due.is_empty() {
        let cookie = steps::wait(state, &mut transaction, client, user, (remember, next)).await?;
        transaction.commit().await?;
        let steps = due.into_iter().map(|(step, _)| step).collect();
        return Ok(Outcome::Due(steps, AppendHeaders(vec![cookie])));
    }
    let cookies = establish(state, &mut transaction, client, user, remember).await?;
    activity::note(state, &mut transaction, user.id, Kind::SignedIn, client).await?;
    transaction.commit().await?;
    Ok(Outcome::SignedIn(user.clone(), cookies))
}

/// Begins a session, and remembers the browser.
pub async fn establish(
    state: &AppState,
    transaction: &mut Connection,
    client: &Client,
    user: &User,
    remembered: bool,
) -> Result<Cookies> {
    let start = Start { user: user.id, role: user.role, remembered };
    let session = sessions::start(state, transaction, client, start).await?;
    Ok(AppendHeaders(vec![session, devices::cookie(state, user)?]))
}

/// Ends the session of the client.
pub async fn logout(state: &AppState, client: &Client) -> Result<Cookies> {
    if let Some(token) = &client.session {
        sessions::end_token(&state.db, token).await?;
    }
    let mut forget = vec![cookies::forget(state, cookies::SESSION)];
    if let Some(token) = &client.pending {
        steps::end_token(&state.db, token).await?;
        forget.push(cookies::forget(state, cookies::PENDING));
    }
    Ok(AppendHeaders(forget))
}

/// Asks somebody who has signed in for the password once more. Too many wrong ones end the session.
///
/// # Errors
///
/// Is 401 for a wrong password, and 429 after too many.
pub async fn check(state: &AppState, session: &Session, password: &Password) -> Result<User> {
    let user = users::find(&state.db, session.user).await?.ok_or(Error::SignIn)?;
    let counted = throttle::take(state, throttle::CONFIRMATIONS, &session.id.to_string()).await;
    if matches!(counted, Err(Error::TooMany(_))) {
        sessions::end(&state.db, user.id, session.id).await?;
    }
    counted?;
    if password.is_too_long() || !state.service::<Hasher>().verify(password, user.password.as_deref()).await? {
        return Err(wrong());
    }
    Ok(user)
}

/// Notes that somebody has given the password once more.
///
/// # Errors
///
/// Fails like [`check`].
pub async fn confirm(state: &AppState, session: &Session, password: &Password) -> Result<Cookies> {
    check(state, session, password).await?;
    let mut transaction = database::begin(&state.db).await?;
    let cookie = sessions::confirm(state, &mut transaction, session).await?;
    transaction.commit().await?;
    Ok(AppendHeaders(vec![cookie]))
}

/// The same for whatever is wrong.
pub fn wrong() -> Error {
    Error::Refused(StatusCode::UNAUTHORIZED, "This address and this password do not belong together.".to_owned())
}
