//! Takes mails from modules, in the transaction of the change that calls for them.

use std::sync::Arc;

use anyhow::ensure;
use kernel::{
    AppState, BoxFuture, Config, Db,
    config::Environment,
    database::{self, Connection},
    jobs,
};
use mailer::{Accept, Kind, Mail, Outbox, Outgoing, Recipient};
use uuid::Uuid;

use crate::{
    deliver::Deliver,
    settings::MailSettings,
    store::{self, New, State},
    test_mail::TestMail,
};

/// The service that other modules send with.
pub fn outbox(config: &Config, _: &Db) -> anyhow::Result<Outbox> {
    let is_anonymous = config.settings::<MailSettings>().is_anonymous();
    ensure!(config.environment == Environment::Development || !is_anonymous, "MAIL_FROM has to say whom mail is from");
    Ok(Outbox(Arc::new(Queue)))
}

struct Queue;

impl Accept for Queue {
    fn accept<'a>(
        &'a self,
        state: &'a AppState,
        connection: &'a mut Connection,
        mail: Outgoing,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(accept(state, connection, mail))
    }
}

async fn accept(state: &AppState, connection: &mut Connection, mail: Outgoing) -> anyhow::Result<()> {
    // What cannot be written is refused here, where somebody learns of it.
    (mail.kind.write)(&mail.data, state)?;
    let is_sent = state.config.settings::<MailSettings>().server.is_some();
    let new = describe(state, &mail, if is_sent { State::Queued } else { State::Kept });
    if store::insert(connection, &new).await? && is_sent {
        jobs::enqueue(connection, &Deliver { id: new.id, turn: 0 }).await?;
    }
    Ok(())
}

fn describe<'a>(state: &AppState, mail: &'a Outgoing, at: State) -> New<'a> {
    let (id, settings): (_, &MailSettings) = (Uuid::now_v7(), state.config.settings());
    New {
        id,
        key: mail.to.key.as_deref(),
        message_id: format!("<{id}@{}>", settings.from.email.domain()),
        template: mail.kind.name,
        data: mail.data.to_string(),
        stream: mail.kind.stream.name(),
        is_secret: mail.kind.is_secret,
        to: &mail.to.address,
        user: mail.to.user,
        state: at,
        now: store::now(state),
    }
}

/// Stores a test mail that no job sends.
pub async fn store_test(state: &AppState, to: &str) -> anyhow::Result<Uuid> {
    let data = serde_json::to_value(TestMail::sample())?;
    let mail = Outgoing { kind: Kind::of::<TestMail>(), to: Recipient::new(to), data };
    let new = describe(state, &mail, State::Queued);
    let mut transaction = database::begin(&state.db).await?;
    store::insert(&mut transaction, &new).await?;
    transaction.commit().await?;
    Ok(new.id)
}

/// Fills the mailbox of development with the samples of all mails.
pub fn seed(state: AppState) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let mut transaction = database::begin(&state.db).await?;
        for kind in state.all::<&'static Kind>() {
            let to = Recipient::new("ann@example.com").key(format!("sample of {}", kind.name));
            let mail = Outgoing { kind, to, data: (kind.sample)()? };
            store::insert(&mut transaction, &describe(&state, &mail, State::Kept)).await?;
        }
        transaction.commit().await?;
        Ok(())
    })
}
