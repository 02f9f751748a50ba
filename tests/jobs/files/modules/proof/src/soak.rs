use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use kernel::{Db, database, jobs};
use proof::{Work, now_ms};
use tokio::time::{sleep, timeout};

use crate::{
    App, Process, random,
    traces::{Traces, summary},
};

/// A job that waits longer has met a worker that overslept.
const LIMIT_MS: i64 = 5_000;

/// Rounds of a minute: jobs at any moment, then a silence that ends with a single job.
pub async fn prove(db: &Db, app: &App, length: Duration) -> anyhow::Result<()> {
    let server = Process::spawn(app, &["serve"], &[("PORT", "0")])?;
    let end = Instant::now() + length;
    let mut accepted = HashMap::new();
    while Instant::now() < end {
        let round = Instant::now() + Duration::from_secs(30);
        while Instant::now() < round {
            accept(db, &mut accepted).await?;
            sleep(Duration::from_millis(random(1000))).await;
        }
        sleep(Duration::from_secs(10 + random(40))).await;
        accept(db, &mut accepted).await?;
        sleep(Duration::from_secs(2)).await;
        println!("{} jobs accepted, {} not done yet", accepted.len(), jobs::due(db).await?);
    }
    let done = async {
        while jobs::due(db).await? > 0 {
            sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(120), done).await.context("the jobs do not come to an end")??;
    server.stop()?;

    let traces = Traces::read(db).await?;
    let mut delays = Vec::new();
    for (number, at_ms) in &accepted {
        let start = traces.starts.get(number).and_then(|starts| starts.first());
        delays.push(start.with_context(|| format!("job {number} was lost"))?.at_ms - at_ms);
    }
    let (middle, high, longest) = summary(delays);
    println!("{} jobs; they waited {middle} ms (median), {high} ms (p99), {longest} ms (longest)", accepted.len());
    ensure!(longest <= LIMIT_MS, "a job waited for more than {LIMIT_MS} ms");
    Ok(())
}

async fn accept(db: &Db, accepted: &mut HashMap<i64, i64>) -> anyhow::Result<()> {
    let number = i64::try_from(accepted.len())?;
    let mut transaction = database::begin(db).await?;
    jobs::enqueue(&mut transaction, &Work { number, millis: random(200) }).await?;
    transaction.commit().await?;
    accepted.insert(number, now_ms()?);
    Ok(())
}
