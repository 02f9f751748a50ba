use std::time::{Duration, Instant};

use kernel::{Application, Config, Db, database, jobs};
use proof::{Nothing, STARTED};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{random, traces::summary};

/// How many jobs share a transaction when they are accepted.
const BATCH: usize = 100;

/// How often a job is handed to an idle worker.
const ALONE: usize = 200;

/// Jobs that do nothing: how many are done in a second, and how long a single one waits for an idle worker.
pub async fn prove(config: Config, db: &Db, jobs: usize) -> anyhow::Result<()> {
    let application = Application::build(config, db.clone(), vec![proof::module()])?;
    let started = Instant::now();
    for _ in 0..jobs / BATCH {
        let mut transaction = database::begin(db).await?;
        for _ in 0..BATCH {
            jobs::enqueue(&mut transaction, &Nothing).await?;
        }
        transaction.commit().await?;
    }
    println!("accepted  {:>7.0} jobs/s in transactions of {BATCH}", rate(jobs, started));

    let stop = CancellationToken::new();
    let started = Instant::now();
    let running = tokio::spawn({
        let (worker, stop) = (application.worker.clone(), stop.clone());
        async move { worker.run(stop).await }
    });
    for _ in 0..jobs {
        STARTED.acquire().await?.forget();
    }
    println!("done      {:>7.0} jobs/s", rate(jobs, started));

    let mut waits = Vec::new();
    for _ in 0..ALONE {
        sleep(Duration::from_millis(100 + random(400))).await;
        let mut transaction = database::begin(db).await?;
        jobs::enqueue(&mut transaction, &Nothing).await?;
        transaction.commit().await?;
        let started = Instant::now();
        STARTED.acquire().await?.forget();
        waits.push(i64::try_from(started.elapsed().as_micros())?);
    }
    let (middle, high, longest) = summary(waits);
    println!("handed to an idle worker after {middle} us (median), {high} us (p99), {longest} us (longest)");
    stop.cancel();
    running.await??;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "these are rough numbers")]
fn rate(jobs: usize, started: Instant) -> f64 {
    jobs as f64 / started.elapsed().as_secs_f64()
}
