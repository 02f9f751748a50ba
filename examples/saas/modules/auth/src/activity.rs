//! What has happened to an account, for its owner to see.

use kernel::{
    AppState,
    database::{Backend, Connection},
};
use serde::Serialize;
use sqlx::{Executor, FromRow};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::client::Client;

/// For how long it is told.
pub const KEPT: Duration = Duration::days(90);

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SignedIn,
    Failed,
    SignedUp,
    PasswordReset,
    PasswordChanged,
    EmailChanged,
    EmailUndone,
    SessionsEnded,
    TokenMade,
    TokenRevoked,
    Deleted,
    Kept,
    StepFailed,
    StepsRemoved,
    Other(Activity),
}

/// A part for [`kernel::Module::add`]: something that another module notes, with [`note_other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its name in the database, `module.what`, the same for good.
    pub name: &'static str,
    /// In words.
    pub text: &'static str,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Failed => "failed",
            Self::SignedUp => "signed_up",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::EmailUndone => "email_undone",
            Self::SessionsEnded => "sessions_ended",
            Self::TokenMade => "token_made",
            Self::TokenRevoked => "token_revoked",
            Self::Deleted => "deleted",
            Self::Kept => "kept",
            Self::StepFailed => "step_failed",
            Self::StepsRemoved => "steps_removed",
            Self::Other(activity) => activity.name,
        }
    }
}

/// Something that has happened.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Entry {
    pub kind: String,
    pub client: String,
    pub agent: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Entry {
    /// In words.
    #[must_use]
    pub fn text(&self, state: &AppState) -> &'static str {
        match self.kind.as_str() {
            "signed_in" => "Signed in",
            "failed" => "Wrong password",
            "signed_up" => "Made the account",
            "password_reset" => "Chose another password by a link",
            "password_changed" => "Changed the password",
            "email_changed" => "Changed the e-mail address",
            "email_undone" => "Took the e-mail address back",
            "sessions_ended" => "Signed out elsewhere",
            "token_made" => "Made an API token",
            "token_revoked" => "Revoked an API token",
            "deleted" => "Deleted the account",
            "kept" => "Kept the account",
            "step_failed" => "Right password, and a wrong step after it",
            "steps_removed" => "Steps after the password removed by those who run the site",
            kind => {
                let known = state.all::<Activity>().iter().find(|activity| activity.name == kind);
                known.map_or("Something else", |activity| activity.text)
            }
        }
    }
}

/// Writes down what has happened to an account, if there is one with this id.
pub async fn note(
    state: &AppState,
    connection: &mut Connection,
    user: Uuid,
    kind: Kind,
    client: &Client,
) -> sqlx::Result<()> {
    let known = (!user.is_nil()).then_some(user);
    tracing::info!(user = known.map(tracing::field::display), kind = kind.name(), client = client.address, "account");
    sqlx::query(
        "INSERT INTO activity (id, user_id, kind, client, agent, at) \
         SELECT $1, id, $2, $3, $4, $5 FROM users WHERE id = $6",
    )
    .bind(Uuid::now_v7())
    .bind(kind.name())
    .bind(&client.address)
    .bind(&client.agent)
    .bind(state.clock.now().truncate_to_second())
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down what another module knows.
///
/// # Errors
///
/// Fails when the database does.
pub async fn note_other(
    state: &AppState,
    connection: &mut Connection,
    user: Uuid,
    activity: Activity,
    client: &Client,
) -> sqlx::Result<()> {
    note(state, connection, user, Kind::Other(activity), client).await
}

/// All that has happened, the newest first.
pub async fn all<'c>(db: impl Executor<'c, Database = Backend>, user: Uuid) -> sqlx::Result<Vec<Entry>> {
    let query = "SELECT kind, client, agent, at FROM activity WHERE user_id = $1 ORDER BY id DESC";
    sqlx::query_as(query).bind(user).fetch_all(db).await
}

/// The last things that have happened, the newest first.
pub async fn recent<'c>(db: impl Executor<'c, Database = Backend>, user: Uuid) -> sqlx::Result<Vec<Entry>> {
    let query = "SELECT kind, client, agent, at FROM activity WHERE user_id = $1 ORDER BY id DESC LIMIT 20";
    sqlx::query_as(query).bind(user).fetch_all(db).await
}
