//! Background jobs, kept in the application's own database and run by [apalis](https://docs.rs/apalis).
//!
//! A job is a type that can be serialised and that knows how to run. [`enqueue`] takes a connection, so that a job is
//! accepted in the same transaction as the change that calls for it: both happen, or neither.
//!
//! Jobs run at least once. One that fails is tried again, each time after a longer pause, and stays in the database
//! with its last error when the attempts are used up. One whose process dies is taken up by another worker, and that does
//! not count as an attempt. Write jobs so that running them twice does no harm.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use apalis::prelude::{
    AbortError, Attempt, BackendExt, BoxDynError, Data, PollSnapshot, PollStrategy, TaskId, WorkerBuilder,
    WorkerBuilderExt, WorkerError,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::migrate::Migrator;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;
use uuid::Uuid;

use crate::{AppState, Db, database::Connection, server::deadline};

mod queue;

/// How often an idle worker looks for jobs.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long a worker waits before it comes back after the database failed it.
const RESTART_PAUSE: Duration = Duration::from_secs(2);

/// After how many heartbeats that did not come a worker is dead, and others do its jobs.
const MISSED_HEARTBEATS: u32 = 6;

/// How often finished jobs are cleared away, and how long they are kept. Those that failed for good stay.
const CLEANING_INTERVAL: Duration = Duration::from_hours(1);
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Work that is done later, outside of the request.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind of job in the database: `module.verb`, unique in the application, the same for good.
    const NAME: &'static str;

    /// How often the job is tried before it is given up.
    const ATTEMPTS: u16 = 8;

    /// How long one attempt may take.
    const TIME_LIMIT: Duration = Duration::from_mins(10);

    /// Does the work.
    fn run(self, state: AppState) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// How a job is accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// How long the job waits before it may run.
    pub delay: Duration,
    /// While a job of this kind with this key is waiting or running, another one is not accepted.
    pub key: Option<&'a str>,
}

/// Accepts a job. Give it a transaction, and the job exists when the transaction is committed.
///
/// # Errors
///
/// Fails when the job cannot be serialised or the database refuses it.
pub async fn enqueue<J: Job>(connection: &mut Connection, job: &J) -> anyhow::Result<()> {
    enqueue_with(connection, job, Options::default()).await.map(|_accepted| ())
}

/// Accepts a job that waits, or that must not be in the queue twice. Returns whether it was accepted.
///
/// # Errors
///
/// Fails when the job cannot be serialised or the database refuses it.
pub async fn enqueue_with<J: Job>(connection: &mut Connection, job: &J, options: Options<'_>) -> anyhow::Result<bool> {
    let envelope = Envelope { kind: J::NAME.to_owned(), payload: serde_json::to_value(job)? };
    let key = options.key.map(|key| format!("{} {key}", J::NAME));
    queue::push(connection, &serde_json::to_vec(&envelope)?, J::ATTEMPTS, options.delay, key)
        .await
        .with_context(|| format!("the job {} was not accepted", J::NAME))
}

/// Marks the error of a job that is not worth another attempt: `return Err(jobs::give_up(error))`.
pub fn give_up(error: impl Into<anyhow::Error>) -> anyhow::Error {
    AbortError::new(format!("{:#}", error.into())).into()
}

/// What the queue stores: one queue for all kinds of jobs, so that a process polls once, however many kinds there are.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    kind: String,
    payload: Value,
}

type JobFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A kind of job, with its type erased.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    run: fn(Value, AppState) -> JobFuture,
    time_limit: Duration,
}

impl Handler {
    pub(crate) fn of<J: Job>() -> Self {
        let run = |payload, state| -> JobFuture {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).context("the stored job no longer fits its type")?;
                job.run(state).await
            })
        };
        Self { run, time_limit: J::TIME_LIMIT }
    }
}

pub(crate) fn migrations() -> Migrator {
    queue::migrations()
}

/// Runs the jobs of the modules.
#[derive(Clone)]
pub struct Worker {
    state: AppState,
    handlers: Arc<HashMap<&'static str, Handler>>,
    poll_interval: Duration,
}

impl Worker {
    pub(crate) fn new(state: AppState, handlers: impl IntoIterator<Item = (&'static str, Handler)>) -> Self {
        Self { state, handlers: Arc::new(handlers.into_iter().collect()), poll_interval: POLL_INTERVAL }
    }

    /// Looks for jobs more or less often than twice a second.
    #[must_use]
    pub const fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Runs jobs until `stop` is cancelled, and finishes those in flight.
    ///
    /// # Errors
    ///
    /// Fails when jobs are still unfinished at the end of the shutdown time. Another worker takes them up again.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        tokio::select! {
            () = self.supervise(&stop) => Ok(()),
            () = self.tend() => Ok(()),
            () = deadline(&stop, self.state.config.shutdown_timeout) => {
                bail!("some jobs were cut off, because they took longer than SHUTDOWN_SECONDS")
            }
        }
    }

    /// Starts the worker again whenever the database fails it.
    async fn supervise(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let Err(error) = self.work(stop.clone()).await else {
                continue;
            };
            tracing::error!("the worker failed and starts again soon: {error}");
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(RESTART_PAUSE) => {}
            }
        }
    }

    async fn work(&self, stop: CancellationToken) -> Result<(), WorkerError> {
        let storage = queue::storage(&self.state.db, self.state.config.worker_heartbeat);
        // A name must be new on every start: while the last heartbeat of a dead worker is fresh, its name is taken.
        let name = format!("worker-{}", Uuid::new_v4());
        let outcome = WorkerBuilder::new(name.as_str())
            .backend(storage.poll_with_strategy(Ticks::every(self.poll_interval)))
            .data(self.clone())
            .concurrency(self.state.config.worker_concurrency)
            .build(run_job)
            .run_until(async move {
                stop.cancelled().await;
                Ok::<_, WorkerError>(())
            })
            .await;
        // Nothing of this worker runs any more: its unfinished jobs need not wait until it counts as dead.
        if let Err(error) = queue::bury(&self.state.db, self.dead_after(), Some(&name)).await {
            tracing::warn!("the jobs of this worker could not be handed over: {error}");
        }
        outcome
    }

    fn dead_after(&self) -> Duration {
        self.state.config.worker_heartbeat * MISSED_HEARTBEATS
    }

    /// Takes their jobs from workers that died, and clears away jobs that were done long ago.
    async fn tend(&self) {
        let mut bury = interval(self.state.config.worker_heartbeat);
        let mut clean = interval(CLEANING_INTERVAL);
        loop {
            let outcome = tokio::select! {
                _ = bury.tick() => queue::bury(&self.state.db, self.dead_after(), None).await,
                _ = clean.tick() => queue::clean(&self.state.db, KEPT).await,
            };
            if let Err(error) = outcome {
                tracing::warn!("the queue could not be tended: {error}");
            }
        }
    }

    async fn dispatch(&self, envelope: Envelope) -> anyhow::Result<()> {
        let kind = envelope.kind.as_str();
        let handler = self.handlers.get(kind).ok_or_else(|| anyhow!("no module handles jobs of the kind {kind}"))?;
        let work = (handler.run)(envelope.payload, self.state.clone());
        // A task of its own keeps a job that panics or computes for long from stopping the worker.
        let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
        let limit = handler.time_limit;
        let ended = timeout(limit, task).await.with_context(|| format!("the job took longer than {limit:?}"))?;
        ended.context("the job panicked")?
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").field("kinds", &self.handlers.keys()).finish_non_exhaustive()
    }
}

/// Tells the worker when to look for jobs.
///
/// This stands in for apalis's own interval, which forgets to ask for its next wake-up when it ends in the same moment
/// as a query: the worker would then sleep until its next heartbeat.
struct Ticks(Interval);

impl Ticks {
    fn every(period: Duration) -> Self {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Ticks {
    fn poll_drive(&mut self, context: &mut task::Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = Poll::Pending;
        // Only an interval that is pending has asked to be woken.
        while self.0.poll_tick(context).is_ready() {
            due = Poll::Ready(Some(()));
        }
        due
    }
}

async fn run_job(envelope: Envelope, id: TaskId, attempt: Attempt, worker: Data<Worker>) -> Result<(), BoxDynError> {
    let attempt = attempt.current();
    let span = tracing::info_span!("job", kind = envelope.kind, %id, attempt);
    async {
        let started = Instant::now();
        match worker.dispatch(envelope).await {
            Ok(()) => {
                tracing::info!(elapsed = ?started.elapsed(), "job done");
                Ok(())
            }
            Err(error) => match error.downcast::<AbortError>() {
                Ok(end) => {
                    tracing::warn!("job given up: {end}");
                    Err(end.into())
                }
                Err(error) => {
                    tracing::warn!("job failed: {error:#}");
                    let [jitter, ..] = *Uuid::new_v4().as_bytes();
                    queue::postpone(&worker.state.db, &id, pause_after(attempt, jitter)).await?;
                    Err(format!("{error:#}").into())
                }
            },
        }
    }
    .instrument(span)
    .await
}

/// 5 seconds after the first attempt, twice as long after each further one, at most an hour; and up to a quarter more, so
/// that jobs which failed together do not come back together.
fn pause_after(attempt: usize, jitter: u8) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    let seconds = 5_u64.saturating_mul(2_u64.saturating_pow(doublings));
    Duration::from_secs(seconds.min(3600)) * (1024 + u32::from(jitter)) / 1024
}

/// How many jobs run now or could run now. Those that wait for another attempt do not count.
///
/// # Errors
///
/// Fails when the database cannot be asked.
pub async fn due(db: &Db) -> Result<i64, sqlx::Error> {
    queue::due(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour_and_vary() {
        let seconds = |attempt| pause_after(attempt, 0).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(3)], [5, 10, 20]);
        assert_eq!(seconds(1000), 3600);
        assert!(pause_after(2, u8::MAX) > pause_after(2, 0) && pause_after(2, u8::MAX) < pause_after(3, 0));
    }
}
