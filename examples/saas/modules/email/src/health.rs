//! What the health report tells about mail.

use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use health_report::Detail;
use kernel::{AppState, Config, Db};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::{
    settings::MailSettings,
    smtp::{self, Failure},
    store::{self, moment},
};

/// How long an answer of the mail server is good.
const FRESH: Duration = Duration::from_mins(1);

/// How long a mail may wait before somebody should look.
const OVERDUE: Duration = Duration::from_hours(1);

/// The last answer of the mail server, and when that was.
#[derive(Debug, Default)]
pub struct LastAnswer(Mutex<Option<(Instant, Result<(), String>)>>);

pub const SERVER: Detail = Detail { name: "smtp", run: |state| Box::pin(greet(state)) };

pub const QUEUE: Detail = Detail { name: "mail_queue", run: |state| Box::pin(look_at_queue(state)) };

#[expect(clippy::unnecessary_wraps, reason = "what makes a service may fail")]
pub fn last_answer(_: &Config, _: &Db) -> anyhow::Result<LastAnswer> {
    Ok(LastAnswer::default())
}

/// Signs in at the mail server, once a minute at most.
async fn greet(state: AppState) -> anyhow::Result<()> {
    let settings: &MailSettings = state.config.settings();
    let Some(server) = &settings.server else { return Ok(()) };
    let mut last = state.service::<LastAnswer>().0.lock().await;
    let answer = match &*last {
        Some((asked, answer)) if asked.elapsed() < FRESH => answer.clone(),
        _ => {
            let greeting = smtp::connect(settings, server).await;
            let answer = greeting.map(drop).map_err(|Failure { step, reply, .. }| format!("{step}: {reply}"));
            *last = Some((Instant::now(), answer.clone()));
            answer
        }
    };
    drop(last);
    answer.map_err(|error| anyhow!(error))
}

async fn look_at_queue(state: AppState) -> anyhow::Result<()> {
    let query = "SELECT min(created_at) FROM emails WHERE state IN ('queued', 'sending')";
    let oldest: Option<OffsetDateTime> = sqlx::query_scalar(query).fetch_one(&state.db).await?;
    match oldest {
        Some(oldest) if oldest < store::now(&state) - OVERDUE => bail!("mail waits since {}", moment(&oldest)),
        _ => Ok(()),
    }
}
