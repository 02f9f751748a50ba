//! Links that are mailed. A row says what a link is for and whether it was used; the token in its address is made from that
//! row and the secret of the application, so that nothing which is stored lets anybody in.

use kernel::{AppState, Error, Result, database::Connection};
use mailer::AddressProved;
use signing::Signer;
use sqlx::FromRow;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use axum::http::StatusCode;

use crate::{
    settings::AuthSettings,
    users::{self, User},
};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignUp,
    Invite,
    Reset,
    /// Proves an address that somebody wants to have.
    Change,
    /// Takes a change of address back.
    Undo,
    /// Keeps an account that is to be deleted.
    Keep,
}

impl Purpose {
    const ALL: [Self; 6] = [Self::SignUp, Self::Invite, Self::Reset, Self::Change, Self::Undo, Self::Keep];

    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Invite => "invite",
            Self::Reset => "reset",
            Self::Change => "change",
            Self::Undo => "undo",
            Self::Keep => "keep",
        }
    }

    /// The page that a link leads to.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::SignUp => "/sign-up/confirm",
            Self::Invite | Self::Reset => "/password/reset",
            Self::Change => "/account/email/confirm",
            Self::Undo => "/account/email/undo",
            Self::Keep => "/account/keep",
        }
    }

    fn life(self, state: &AppState) -> Duration {
        match self {
            Self::SignUp => Duration::hours(24),
            Self::Invite | Self::Undo => Duration::days(7),
            Self::Reset => Duration::minutes(30),
            Self::Change => Duration::hours(1),
            Self::Keep => state.config.settings::<AuthSettings>().deletion,
        }
    }
}

/// A link, as it is stored.
#[derive(Clone, Debug, FromRow)]
pub struct Link {
    pub id: Uuid,
    #[sqlx(try_from = "String")]
    pub purpose: Stored,
    pub user_id: Option<Uuid>,
    /// The address that it proves, or that it brings back.
    pub email: String,
    pub next: Option<String>,
    pub expires_at: OffsetDateTime,
    pub used_at: Option<OffsetDateTime>,
}

/// A purpose that was read from the database.
#[derive(Clone, Copy, Debug)]
pub struct Stored(pub Purpose);

impl TryFrom<String> for Stored {
    type Error = anyhow::Error;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let known = Purpose::ALL.into_iter().find(|purpose| purpose.name() == name);
        known.map(Self).ok_or_else(|| anyhow::anyhow!("a link is for {name:?}, which is unknown"))
    }
}

/// What a link is to be about.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    pub purpose: Purpose,
    pub user: Option<Uuid>,
    pub email: &'a str,
    pub next: Option<&'a str>,
}

/// Makes a link. Those that were made for the same before are worth nothing any more. The account that it is for is locked by then.
pub async fn create(state: &AppState, connection: &mut Connection, new: New<'_>) -> sqlx::Result<Uuid> {
    let (id, now) = (Uuid::now_v7(), state.clock.now().truncate_to_second());
    sqlx::query(
        // The owners of all addresses that an account had lately may take it back.
        "UPDATE links SET used_at = $1 WHERE used_at IS NULL AND purpose = $2 AND purpose <> 'undo' \
         AND (user_id = $3 OR (user_id IS NULL AND email = $4))",
    )
    .bind(now)
    .bind(new.purpose.name())
    .bind(new.user)
    .bind(new.email)
    .execute(&mut *connection)
    .await?;
    sqlx::query("INSERT INTO links (id, purpose, user_id, email, next, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(new.purpose.name())
        .bind(new.user)
        .bind(new.email)
        .bind(new.next)
        .bind(now + new.purpose.life(state))
        .execute(connection)
        .await?;
    Ok(id)
}

fn message(id: Uuid, email: &str) -> String {
    format!("{}|{email}", id.simple())
}

fn signed_for(purpose: Purpose) -> String {
    format!("auth.{}", purpose.name())
}

/// The token of a link: its id and a signature.
#[must_use]
pub fn token(state: &AppState, purpose: Purpose, id: Uuid, email: &str) -> String {
    let signature = state.service::<Signer>().sign(&signed_for(purpose), &message(id, email));
    format!("{}.{signature}", id.simple())
}

/// The address of the page of a link.
#[must_use]
pub fn url(state: &AppState, purpose: Purpose, id: Uuid, email: &str) -> String {
    state.config.public_url.join(&format!("{}?token={}", purpose.page(), token(state, purpose, id, email)))
}

/// The link of a token, while it can be used: only for one of these purposes.
///
/// # Errors
///
/// Is 410 otherwise.
pub async fn find(state: &AppState, token: &str, purposes: &[Purpose]) -> Result<Link> {
    let parts = token.split_once('.').and_then(|(id, signature)| Some((Uuid::try_parse(id).ok()?, signature)));
    let (id, signature) = parts.ok_or_else(gone)?;
    let link = sqlx::query_as("SELECT * FROM links WHERE id = $1").bind(id).fetch_optional(&state.db).await?;
    let link: Link = link.ok_or_else(gone)?;
    let Stored(purpose) = link.purpose;
    let is_signed = state.service::<Signer>().verify(&signed_for(purpose), &message(id, &link.email), signature);
    let is_live = link.used_at.is_none() && state.clock.now() < link.expires_at;
    if is_signed && is_live && purposes.contains(&purpose) { Ok(link) } else { Err(gone()) }
}

/// Uses a link up, and locks the account that it is for: of those who try at the same time, one can. Mail to its address arrives, as
/// has been shown.
///
/// # Errors
///
/// Is 410 for all others.
pub async fn use_up(state: &AppState, connection: &mut Connection, link: &Link) -> Result<Option<User>> {
    let user = match link.user_id {
        Some(id) => Some(users::lock(&mut *connection, id).await?.ok_or_else(gone)?),
        None => None,
    };
    let now = state.clock.now().truncate_to_second();
    let query = sqlx::query("UPDATE links SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND expires_at > $1");
    if query.bind(now).bind(link.id).execute(&mut *connection).await?.rows_affected() == 0 {
        return Err(gone());
    }
    state.emit(connection, &AddressProved { address: link.email.clone() }).await?;
    Ok(user)
}

/// Ends the links of a user that prove less than what has just happened.
pub async fn end_all(state: &AppState, connection: &mut Connection, user: Uuid) -> sqlx::Result<()> {
    let query = "UPDATE links SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL AND purpose <> 'undo'";
    let now = state.clock.now().truncate_to_second();
    sqlx::query(query).bind(now).bind(user).execute(connection).await?;
    Ok(())
}

/// Ends the links that take later changes of the address back: who has the later address may be the one to fear.
pub async fn end_later_undos(state: &AppState, connection: &mut Connection, link: &Link) -> sqlx::Result<()> {
    let query = "UPDATE links SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL AND purpose = 'undo' AND id > $3";
    let now = state.clock.now().truncate_to_second();
    sqlx::query(query).bind(now).bind(link.user_id).bind(link.id).execute(connection).await?;
    Ok(())
}

/// The error of a link that cannot be used, whatever the reason.
#[must_use]
pub fn gone() -> Error {
    Error::Refused(StatusCode::GONE, "This link was used before, or its time is over. Ask for another one.".to_owned())
}
