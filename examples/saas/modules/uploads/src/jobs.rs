use std::time::Duration;

use kernel::{AppState, Db, Job, database, jobs};
use schedules::Schedule;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Purpose, file, receive, store::Storage};

/// No file arrives for longer: a request may take an hour.
const ABANDONED: Duration = Duration::from_hours(2);

/// How long a file may wait to be attached.
const UNATTACHED: Duration = Duration::from_hours(24);

/// How many files one query finds.
const BATCH: i64 = 100;

/// Removes what is marked for deletion. It has no key: each one is accepted after its mark.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const NAME: &'static str = "files.sweep";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        loop {
            let query = "SELECT id FROM files WHERE state = 'deleting' ORDER BY created_at LIMIT $1";
            let ids: Vec<Uuid> = sqlx::query_scalar(query).bind(BATCH).fetch_all(&state.db).await?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                state.service::<Storage>().0.delete(&state, id).await?;
                file::forget(&state.db, id).await?;
            }
        }
    }
}

/// Removes what nobody will complete or attach any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct Clean {}

impl Schedule for Clean {
    const CRON: &'static str = "17 * * * *";

    fn due(_: OffsetDateTime) -> Self {
        Self {}
    }
}

impl Job for Clean {
    const NAME: &'static str = "files.clean";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let left = left_behind(&state).await?;
        for &id in &left {
            receive::discard(&state, id).await?;
        }
        if !left.is_empty() {
            tracing::info!(files = left.len(), "removed files that were left behind");
        }
        // What could not be removed before.
        let mut transaction = database::begin(&state.db).await?;
        jobs::enqueue(&mut transaction, &Sweep {}).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The files whose process has died while they arrived, and those that nobody has attached in time.
pub async fn left_behind(state: &AppState) -> anyhow::Result<Vec<Uuid>> {
    let now = state.clock.now().truncate_to_second();
    let mut ids = old(&state.db, "receiving", now - ABANDONED, None).await?;
    for purpose in state.all().iter().filter(|purpose: &&Purpose| purpose.is_attached) {
        ids.extend(old(&state.db, "stored", now - UNATTACHED, Some(purpose.name)).await?);
    }
    Ok(ids)
}

async fn old(db: &Db, state: &str, before: OffsetDateTime, purpose: Option<&str>) -> sqlx::Result<Vec<Uuid>> {
    let query = "SELECT id FROM files WHERE state = $1 AND created_at < $2 AND attached_to IS NULL \
         AND purpose = coalesce($3, purpose) ORDER BY created_at";
    sqlx::query_scalar(query).bind(state).bind(before).bind(purpose).fetch_all(db).await
}
