//! Mail: a queue in the database, SMTP, and what comes back.
//!
//! A mail is a row in `emails`, accepted in the transaction of the change that calls for it. The job [`deliver::Deliver`]
//! writes its text and talks to the mail server, step by step; how that ends decides what follows.

mod check;
mod commands;
pub mod deliver;
mod health;
mod mailbox;
mod message;
mod monitor;
mod outbox;
mod people;
mod settings;
mod smtp;
mod store;
mod suppression;
mod test_mail;
mod unsubscribe;
mod webhooks;

use std::time::Duration;

use kernel::{Advice, AppState, BoxFuture, Config, Link, Module, Place, Policy, Seed, Visitor, database::Migration};
use mailer::{AddressProved, ModuleExt};
use tokio::time::interval;

pub use check::{check, links_of_html, links_of_text};
pub use commands::{Command, run};
pub use settings::MailSettings;
pub use store::{Email, State, cancel, retry};
pub use test_mail::TestMail;
pub use webhooks::WebhookSettings;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create emails", sql: include_str!("../migrations/0001_create_emails.sql") }];

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("email")
        .migrations(MIGRATIONS)
        .settings::<MailSettings>()
        .needs::<signing::Signer>()
        .provide(outbox::outbox)
        .job::<deliver::Deliver>()
        .background(keep_tidy)
        .mail::<TestMail>()
        .on::<AddressProved>(suppression::proved)
        .settings::<WebhookSettings>()
        .job::<webhooks::Handle>()
        .command::<commands::Mails>()
        .add(Advice(advise))
        .add(Seed(outbox::seed))
        .pages(Policy::role("admin"), monitor::routes())
        .link(Link::new(Place::Account, "Mail", monitor::PATH).shown_to(is_admin))
        .pages(Policy::PUBLIC, unsubscribe::routes().merge(mailbox::routes()).merge(webhooks::routes()))
        .provide(health::last_answer)
        .add(health::SERVER)
        .add(health::QUEUE)
        .add(rate_limits::Exempt("/webhooks/email/"))
        .add(auth::AccountNotice(people::tell_of_bounces))
        .on::<auth::Export>(people::export)
        .on::<auth::UserDeleted>(people::delete)
}

fn is_admin(visitor: Option<&Visitor>) -> bool {
    visitor.is_some_and(|visitor| visitor.has_role("admin"))
}

/// Mail that nobody tells about is sent to dead mailboxes again and again, until servers take none of ours.
fn advise(config: &Config) -> Option<String> {
    let is_silent = config.settings::<WebhookSettings>().is_silent();
    let sends = config.settings::<MailSettings>().server.is_some();
    let advice = "nobody tells about bounces and complaints: set the EMAIL_…_SECRET of the provider that sends mail";
    (sends && is_silent).then(|| advice.to_owned())
}

/// Removes old mails every hour.
fn keep_tidy(state: AppState) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut hours = interval(Duration::from_hours(1));
        loop {
            hours.tick().await;
            match prune(&state).await {
                Ok(0) => {}
                Ok(mails) => tracing::info!(mails, "removed mails that came to an end long ago"),
                Err(error) => tracing::error!("old mails cannot be removed: {error}"),
            }
        }
    })
}

/// Removes the mails and events that came to an end longer than `MAIL_KEEP_DAYS` ago, and returns how many mails these were.
///
/// # Errors
///
/// Fails when the database does.
pub async fn prune(state: &AppState) -> Result<u64, sqlx::Error> {
    store::prune(state, state.config.settings::<MailSettings>().keep).await
}
