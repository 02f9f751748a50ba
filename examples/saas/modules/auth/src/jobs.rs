//! Whatever depends on whether an account exists happens here, after the answer.

use kernel::{
    AppState, Job,
    database::{self, Connection},
};
use mailer::Recipient;
use schedules::Schedule;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    activity,
    address::Address,
    deletion,
    links::{self, New, Purpose},
    mails::{ChangeEmail, ChoosePassword, ExpiringToken, KnownAddress, Notice, SignUp, What},
    settings::AuthSettings,
    steps, throttle, users,
};

/// Somebody wants an account with this address.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailSignUp {
    pub email: String,
    pub next: Option<String>,
}

impl Job for MailSignUp {
    const NAME: &'static str = "auth.mail_sign_up";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let Some(address) = Address::parse(&self.email) else { return Ok(()) };
        let mut transaction = database::begin(&state.db).await?;
        if !may_mail(&state, &mut transaction, &address.key).await? {
            return Ok(());
        }
        match users::find_by_key(&mut *transaction, &address.key).await? {
            // The account's own address, which may be written in another way.
            Some(user) if user.is_active() => {
                let to = Recipient::new(&user.email).user(user.id);
                mailer::send(&state, &mut transaction, &to, &KnownAddress {}).await?;
            }
            Some(_) => {}
            None => {
                let email = &address.text;
                let new = New { purpose: Purpose::SignUp, user: None, email, next: self.next.as_deref() };
                let link = links::create(&state, &mut transaction, new).await?;
                let mail = SignUp { link, email: email.clone() };
                mailer::send(&state, &mut transaction, &Recipient::new(email), &mail).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Somebody has forgotten the password of the account with this address.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailReset {
    pub email: String,
}

impl Job for MailReset {
    const NAME: &'static str = "auth.mail_reset";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let Some(address) = Address::parse(&self.email) else { return Ok(()) };
        let mut transaction = database::begin(&state.db).await?;
        let user = users::lock_by_key(&mut transaction, &address.key).await?;
        let Some(user) = user.filter(users::User::is_active) else { return Ok(()) };
        if !may_mail(&state, &mut transaction, &address.key).await? {
            return Ok(());
        }
        let new = New { purpose: Purpose::Reset, user: Some(user.id), email: &user.email, next: None };
        let link = links::create(&state, &mut transaction, new).await?;
        let mail = ChoosePassword { link, email: user.email.clone(), is_invite: false };
        mailer::send(&state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Somebody wants to have another address.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailChange {
    pub user: Uuid,
    pub email: String,
}

impl Job for MailChange {
    const NAME: &'static str = "auth.mail_change";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let Some(address) = Address::parse(&self.email) else { return Ok(()) };
        let mut transaction = database::begin(&state.db).await?;
        let user = users::lock(&mut transaction, self.user).await?;
        let Some(user) = user.filter(users::User::is_active) else { return Ok(()) };
        if !may_mail(&state, &mut transaction, &address.key).await? {
            return Ok(());
        }
        let owner = users::find_by_key(&mut *transaction, &address.key).await?;
        if let Some(owner) = owner.filter(|owner| owner.id != user.id) {
            let to = Recipient::new(&owner.email).user(owner.id);
            mailer::send(&state, &mut transaction, &to, &KnownAddress {}).await?;
        } else {
            let email = &address.text;
            let new = New { purpose: Purpose::Change, user: Some(user.id), email, next: None };
            let link = links::create(&state, &mut transaction, new).await?;
            let mail = ChangeEmail { link, email: email.clone() };
            mailer::send(&state, &mut transaction, &Recipient::new(email), &mail).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Counts a mail to an address.
async fn may_mail(state: &AppState, connection: &mut Connection, key: &str) -> sqlx::Result<bool> {
    for rule in throttle::MAILS {
        if throttle::reserve(state, connection, rule, key).await?.is_some() {
            tracing::info!("a mail was not sent: this address has had enough of them");
            return Ok(false);
        }
    }
    Ok(true)
}

/// Too many have tried to sign in to an account: its owner is told, if there is one.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellOfGuessing {
    pub account: String,
}

impl Job for TellOfGuessing {
    const NAME: &'static str = "auth.tell_of_guessing";

    fn key(&self) -> Option<String> {
        Some(crate::secret::hash(&self.account))
    }

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut transaction = database::begin(&state.db).await?;
        let user = users::lock_by_key(&mut transaction, &self.account).await?;
        let Some(user) = user.filter(users::User::is_active) else { return Ok(()) };
        if throttle::reserve(&state, &mut transaction, throttle::NOTICES, &self.account).await?.is_none() {
            let mail = Notice { what: What::Guessing };
            mailer::send(&state, &mut transaction, &Recipient::new(&user.email).user(user.id), &mail).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Forgets what nobody needs any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct CleanUp;

impl Job for CleanUp {
    const NAME: &'static str = "auth.clean_up";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let (now, settings) = (state.clock.now().truncate_to_second(), state.config.settings::<AuthSettings>());
        for (query, before) in [
            ("DELETE FROM sessions WHERE created_at < $1", now - settings.longest_session()),
            ("DELETE FROM links WHERE expires_at < $1", now),
            ("DELETE FROM pending_logins WHERE created_at < $1", now - steps::LIFE),
            ("DELETE FROM api_tokens WHERE expires_at < $1", now - Duration::days(30)),
            ("DELETE FROM activity WHERE at < $1", now - activity::KEPT),
        ] {
            sqlx::query(query).bind(before).execute(&state.db).await?;
        }
        throttle::clean_up(&state).await?;
        deletion::purge(&state).await?;
        tell_of_tokens(&state, now).await
    }
}

/// Tells people of tokens that end within a week, once.
async fn tell_of_tokens(state: &AppState, now: OffsetDateTime) -> anyhow::Result<()> {
    let query = "SELECT api_tokens.id, api_tokens.name, expires_at, users.id, email FROM api_tokens \
                 JOIN users ON users.id = user_id WHERE expires_at > $1 AND expires_at <= $2 AND told_at IS NULL";
    let query = sqlx::query_as(query).bind(now).bind(now + Duration::days(7));
    let tokens: Vec<(Uuid, String, OffsetDateTime, Uuid, String)> = query.fetch_all(&state.db).await?;
    for (id, name, expires_at, user, email) in tokens {
        let mut transaction = database::begin(&state.db).await?;
        users::lock(&mut transaction, user).await?;
        let query = sqlx::query("UPDATE api_tokens SET told_at = $1 WHERE id = $2 AND told_at IS NULL");
        if query.bind(now).bind(id).execute(&mut *transaction).await?.rows_affected() == 1 {
            let mail = ExpiringToken { name, on: expires_at.date().to_string() };
            mailer::send(state, &mut transaction, &Recipient::new(&email).user(user), &mail).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

impl Schedule for CleanUp {
    const CRON: &'static str = "17 3 * * *";

    fn due(_: OffsetDateTime) -> Self {
        Self
    }
}
