//! How an account comes to be, and how it gets another password.

use axum::{http::StatusCode, response::AppendHeaders};
use kernel::{
    AppState, Error, Event, Result,
    database::{self, Connection},
    error::FieldErrors,
    jobs,
};
use mailer::Recipient;
use rest::Text;
use serde::Deserialize;
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use crate::{
    activity::{self, Kind},
    address::{self, Address},
    client::Client,
    cookies::Cookies,
    jobs::{MailReset, MailSignUp},
    links::{self, Link, Purpose, Stored},
    login,
    mails::{Notice, What},
    next,
    passwords::{About, Hasher, Password},
    sessions,
    settings::{AuthSettings, SignUp},
    throttle::{self, REQUESTS},
    tokens,
    users::{self, NewUser, Role, User},
};

pub const NAME: Text = Text::new("name", 80).required("Say what you want to be called.");
pub const EMAIL: Text = Text::new("email", address::LIMIT).required("Give your e-mail address.");

/// Somebody gets what belongs to nobody, such as rows from the time before there were accounts: whoever becomes an
/// administrator, and whom `app user adopt` names.
#[derive(Clone, Copy, Debug)]
pub struct Adoption {
    pub user: Uuid,
}

impl Event for Adoption {}

/// Reads the address that mail is asked for.
pub fn read_address(email: &str) -> Result<Address> {
    let mut errors = FieldErrors::new();
    let email = EMAIL.read(email, &mut errors);
    let address = Address::parse(&email);
    if address.is_none() {
        errors.entry("email").or_insert_with(|| "This is no address that mail can be sent to.".to_owned());
    }
    address.filter(|_| errors.is_empty()).ok_or(Error::Invalid(errors))
}

/// Sends a mail to somebody who wants an account. Whether there is one already is found out later, so that nobody can tell.
///
/// # Errors
///
/// Is 403 where nobody can sign up, 422 for what is no address, and 429 after too many.
pub async fn ask_for_sign_up(state: &AppState, client: &Client, email: &str, wish: Option<&str>) -> Result<()> {
    if state.config.settings::<AuthSettings>().sign_up == SignUp::Closed {
        let closed = "Accounts are made by the people who run this site. Ask them for one.";
        return Err(Error::Refused(StatusCode::FORBIDDEN, closed.to_owned()));
    }
    let address = read_address(email)?;
    throttle::take(state, REQUESTS, &client.network).await?;
    let mut transaction = database::begin(&state.db).await?;
    let next = wish.and_then(next::check).map(str::to_owned);
    jobs::enqueue(&mut transaction, &MailSignUp { email: address.text, next }).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sends a mail to somebody who has forgotten the password.
///
/// # Errors
///
/// Is 422 for what is no address, and 429 after too many.
pub async fn ask_for_reset(state: &AppState, client: &Client, email: &str) -> Result<()> {
    let address = read_address(email)?;
    throttle::take(state, REQUESTS, &client.network).await?;
    let mut transaction = database::begin(&state.db).await?;
    jobs::enqueue(&mut transaction, &MailReset { email: address.text }).await?;
    transaction.commit().await?;
    Ok(())
}

/// What somebody chooses who has followed a link.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Choice {
    #[serde(default)]
    pub name: String,
    pub password: String,
}

impl Choice {
    /// The name.
    fn name(&self, errors: &mut FieldErrors) -> String {
        NAME.read(&self.name, errors)
    }

    /// The password, if it will do for somebody.
    pub(crate) fn password(&self, state: &AppState, about: About<'_>, errors: &mut FieldErrors) -> Password {
        let password = Password::new(&self.password);
        let least = state.config.settings::<AuthSettings>().password_min_length;
        if let Err(message) = password.check(least, about) {
            errors.insert("password", message);
        }
        password
    }
}

/// The hash of a password that somebody has chosen.
///
/// # Errors
///
/// Is 503 while too many others sign in.
pub async fn hash(state: &AppState, password: &Password) -> Result<String> {
    state.service::<Hasher>().hash(password).await
}

/// Makes an account with a link that proves its address, and signs its owner in.
///
/// # Errors
///
/// Is 422 for what cannot be accepted, and 410 if the link was used meanwhile.
pub async fn sign_up(state: &AppState, client: &Client, link: &Link, choice: &Choice) -> Result<(User, Cookies)> {
    let mut errors = FieldErrors::new();
    let name = choice.name(&mut errors);
    let password = choice.password(state, About { name: &name, email: &link.email }, &mut errors);
    let address = Address::parse(&link.email).filter(|_| errors.is_empty()).ok_or(Error::Invalid(errors))?;
    let hash = hash(state, &password).await?;
    let mut transaction = database::begin(&state.db).await?;
    links::use_up(state, &mut transaction, link).await?;
    let new = NewUser { address: &address, name: &name, role: Role::User, password: Some(&hash) };
    let now = state.clock.now().truncate_to_second();
    // Somebody may have been invited with this address since.
    let user = users::insert(&mut transaction, &new, now).await.map_err(|error| match error {
        Error::Invalid(_) => links::gone(),
        error => error,
    })?;
    let cookies = login::establish(state, &mut transaction, client, &user, false).await?;
    activity::note(state, &mut transaction, user.id, Kind::SignedUp, client).await?;
    transaction.commit().await?;
    Ok((user, cookies))
}

/// Gives an account another password with a link. All that was open before is closed: sessions, links, device cookies.
///
/// # Errors
///
/// Is 422 for a password that cannot be accepted, and 410 if the link was used meanwhile.
pub async fn reset(state: &AppState, client: &Client, link: &Link, choice: &Choice) -> Result<Cookies> {
    let user = match link.user_id {
        Some(id) => users::find(&state.db, id).await?,
        None => None,
    };
    let user = user.filter(User::is_active).ok_or_else(links::gone)?;
    let mut errors = FieldErrors::new();
    let password = choice.password(state, About { name: &user.name, email: &user.email }, &mut errors);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = hash(state, &password).await?;
    let mut transaction = database::begin(&state.db).await?;
    // They may have been deactivated meanwhile.
    let user = links::use_up(state, &mut transaction, link).await?.filter(User::is_active).ok_or_else(links::gone)?;
    users::set_password(&mut transaction, user.id, &hash).await?;
    close(state, &mut transaction, &user).await?;
    activity::note(state, &mut transaction, user.id, Kind::PasswordReset, client).await?;
    let Stored(purpose) = link.purpose;
    if purpose == Purpose::Reset {
        let mail = Notice { what: What::PasswordChanged };
        mailer::send(state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
    }
    transaction.commit().await?;
    Ok(AppendHeaders(vec![crate::cookies::forget(state, crate::cookies::SESSION)]))
}

/// Closes all that is open for an account, which is locked by then: sessions, links, API tokens, the cookies of devices.
pub async fn close(state: &AppState, transaction: &mut Connection, user: &User) -> sqlx::Result<()> {
    let query = "UPDATE users SET device_generation = device_generation + 1 WHERE id = $1";
    sqlx::query(query).bind(user.id).execute(&mut *transaction).await?;
    throttle::unlock(state, transaction, &user.email_key).await?;
    sessions::end_all(transaction, user.id, None).await?;
    tokens::end_all(transaction, user.id).await?;
    links::end_all(state, transaction, user.id).await
}

/// Stores an account that somebody is invited to, and returns the address of the page where they choose a password.
///
/// # Errors
///
/// Blames the address if it is none or taken.
pub async fn invite(state: &AppState, email: &str, name: &str, role: Role) -> Result<(User, String)> {
    let (address, mut errors) = (read_address(email)?, FieldErrors::new());
    let name = NAME.read(name, &mut errors);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let mut transaction = database::begin(&state.db).await?;
    let new = NewUser { address: &address, name: &name, role, password: None };
    let user = users::insert(&mut transaction, &new, state.clock.now().truncate_to_second()).await?;
    if role == Role::Admin {
        state.emit(&mut transaction, &Adoption { user: user.id }).await?;
    }
    let url = link_for(state, &mut transaction, &user, Purpose::Invite).await?;
    transaction.commit().await?;
    Ok((user, url))
}

/// Makes a link with which a user can choose a password.
pub async fn link_for(
    state: &AppState,
    transaction: &mut Connection,
    user: &User,
    purpose: Purpose,
) -> sqlx::Result<String> {
    let new = links::New { purpose, user: Some(user.id), email: &user.email, next: None };
    let id = links::create(state, transaction, new).await?;
    Ok(links::url(state, purpose, id, &user.email))
}

/// The name in the API document.
pub fn name_schema() -> Object {
    NAME.schema("Ann")
}

/// The address in the API document.
pub fn email_schema() -> Object {
    EMAIL.schema("ann@example.com")
}

/// An address that mail is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Asked {
    #[schema(schema_with = email_schema)]
    pub email: String,
}
