//! Takes mails from modules, in the transaction of the change that calls for them.

use std::sync::Arc;

use anyhow::ensure;
use kernel::{AppState, BoxFuture, Config, Db, config::Environment, database::Connection, jobs};
use mailer::{Accept, Outbox, Outgoing};
use uuid::Uuid;

use crate::{
    deliver::Deliver,
    settings::MailSettings,
    store::{self, New, State},
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
    let settings: &MailSettings = state.config.settings();
    let id = Uuid::now_v7();
    let new = New {
        id,
        key: mail.to.key.as_deref(),
        message_id: format!("<{id}@{}>", settings.from.email.domain()),
        template: mail.kind.name,
        data: mail.data.to_string(),
        stream: mail.kind.stream.name(),
        is_secret: mail.kind.is_secret,
        to: &mail.to.address,
        user: mail.to.user,
        state: if settings.server.is_some() { State::Queued } else { State::Kept },
        now: store::now(state),
    };
    if store::insert(connection, &new).await? && new.state == State::Queued {
        jobs::enqueue(connection, &Deliver { id, turn: 0 }).await?;
    }
    Ok(())
}
