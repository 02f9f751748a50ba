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
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use apalis::prelude::{AbortError, Attempt, BoxDynError, Data, TaskId, WorkerBuilder, WorkerBuilderExt, WorkerError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::{interval, sleep, timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;
use uuid::Uuid;

use crate::{AppState, database::Connection, logging, module::Background, server::deadline};

mod queue;

pub use queue::due;
pub(crate) use queue::migrations;

/// How often an idle worker looks for jobs.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long a worker waits before it comes back after the database failed it.
const RESTART_PAUSE: Duration = Duration::from_secs(2);

/// Work that is done later, outside of the request.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind of job in the database: `module.verb`, unique in the application, the same for good.
    const NAME: &'static str;

    /// How often the job is tried before it is given up.
    const ATTEMPTS: u16 = 8;

    /// How long one attempt may take.
    const TIME_LIMIT: Duration = Duration::from_mins(10);

    /// While a job of this kind with this key is unfinished, another one is not accepted.
    fn key(&self) -> Option<String> {
        None
    }

    /// Does the work.
    fn run(self, state: AppState) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Accepts a job, unless its key is taken; returns whether it did. Give it a transaction, and the job exists when the
/// transaction is committed.
///
/// # Errors
///
/// Fails when the job cannot be serialised or the database refuses it.
pub async fn enqueue<J: Job>(connection: &mut Connection, job: &J) -> anyhow::Result<bool> {
    enqueue_in(Duration::ZERO, connection, job).await
}

/// Like [`enqueue`], for a job that waits before it runs.
///
/// # Errors
///
/// Fails like [`enqueue`].
pub async fn enqueue_in<J: Job>(delay: Duration, connection: &mut Connection, job: &J) -> anyhow::Result<bool> {
    let (kind, request) = (J::NAME.to_owned(), logging::current_request_id());
    let envelope = serde_json::to_vec(&Envelope { kind, payload: serde_json::to_value(job)?, request })?;
    let key = job.key().map(|key| format!("{} {key}", J::NAME));
    queue::push(connection, &envelope, J::ATTEMPTS, delay, key)
        .await
        .with_context(|| format!("the job {} was not accepted", J::NAME))
}

/// The error of a job that is not worth another attempt.
pub fn give_up(error: impl Into<anyhow::Error>) -> anyhow::Error {
    AbortError::new(format!("{:#}", error.into())).into()
}

/// What the queue stores: one queue for all kinds of jobs, so that a process polls once, however many kinds there are.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    kind: String,
    payload: Value,
    /// The id of the request that left the job behind.
    #[serde(default)]
    request: Option<String>,
}

type JobFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A kind of job, with its type erased.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler(fn(Value, AppState) -> JobFuture);

impl Handler {
    pub(crate) fn of<J: Job>() -> Self {
        Self(|payload, state| {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).context("the stored job no longer fits its type")?;
                let ended = timeout(J::TIME_LIMIT, job.run(state)).await;
                ended.with_context(|| format!("the job took longer than {:?}", J::TIME_LIMIT))?
            })
        })
    }
}

/// Runs the jobs of the modules.
#[derive(Clone, Debug)]
pub struct Worker {
    state: AppState,
    handlers: Arc<HashMap<&'static str, Handler>>,
    background: Arc<[Background]>,
    poll_interval: Duration,
}

impl Worker {
    pub(crate) fn new(state: AppState, handlers: Vec<(&'static str, Handler)>, background: Vec<Background>) -> Self {
        let handlers = Arc::new(handlers.into_iter().collect());
        Self { state, handlers, background: background.into(), poll_interval: POLL_INTERVAL }
    }

    /// For tests: looks for jobs at this interval, and leaves the background work of the modules out.
    #[must_use]
    pub fn jobs_only(self, poll_interval: Duration) -> Self {
        Self { poll_interval, background: Arc::default(), ..self }
    }

    /// Runs jobs and the background work of the modules until `stop` is cancelled, and finishes the jobs in flight.
    ///
    /// # Errors
    ///
    /// Fails when jobs are still unfinished at the end of the shutdown time. Another worker takes them up again.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let spawn = |work: &Background| AbortOnDropHandle::new(tokio::spawn(work(self.state.clone())));
        let _background: Vec<_> = self.background.iter().map(spawn).collect();
        let work = async {
            while !stop.is_cancelled() {
                if let Err(error) = self.work(stop.clone()).await {
                    tracing::error!("the worker failed and starts again soon: {error:#}");
                    sleep(RESTART_PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = work => Ok(()),
            () = self.bury_the_dead() => Ok(()),
            () = deadline(&stop, self.state.config.shutdown_timeout) => {
                bail!("some jobs were cut off, because they took longer than SHUTDOWN_SECONDS")
            }
        }
    }

    /// Runs jobs until `stop` is cancelled or the database fails.
    async fn work(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let heartbeat = self.state.config.worker_heartbeat;
        // A name must be new on every start: while the last heartbeat of a dead worker is fresh, its name is taken.
        let name = format!("worker-{}", Uuid::new_v4());
        let worker = WorkerBuilder::new(name.as_str())
            .backend(queue::storage(&self.state.db, heartbeat))
            .data(self.clone())
            .concurrency(self.state.config.worker_concurrency)
            .build(run_job)
            .run_until(async move {
                stop.cancelled().await;
                Ok::<_, WorkerError>(())
            });
        let wake = async {
            let mut ticks = interval(self.poll_interval);
            loop {
                ticks.tick().await;
            }
        };
        let outcome = tokio::select! {
            outcome = worker => outcome,
            // A worker looks for jobs whenever it is polled, and the timers of apalis may forget to have it polled.
            outcome = wake => outcome,
        };
        // Nothing of this worker runs any more: its unfinished jobs need not wait until it counts as dead.
        queue::bury(&self.state.db, heartbeat, Some(&name)).await.ok();
        Ok(outcome?)
    }

    /// Takes their jobs from workers that died, again and again.
    async fn bury_the_dead(&self) {
        let mut ticks = interval(self.state.config.worker_heartbeat);
        loop {
            ticks.tick().await;
            if let Err(error) = queue::bury(&self.state.db, ticks.period(), None).await {
                tracing::warn!("the jobs of dead workers cannot be taken up: {error}");
            }
        }
    }

    async fn dispatch(&self, envelope: Envelope, request: String) -> anyhow::Result<()> {
        let handler = self.handlers.get(&*envelope.kind).context("no module handles jobs of this kind")?;
        let work = logging::with_request_id(request, (handler.0)(envelope.payload, self.state.clone()));
        // A task of its own keeps a job that panics or computes for long from stopping the worker.
        AbortOnDropHandle::new(tokio::spawn(work.in_current_span())).await.context("the job panicked")?
    }
}

async fn run_job(envelope: Envelope, id: TaskId, attempt: Attempt, worker: Data<Worker>) -> Result<(), BoxDynError> {
    let attempt = attempt.current();
    let request = envelope.request.clone().unwrap_or_else(|| id.to_string());
    let span = tracing::info_span!("job", kind = envelope.kind, %id, attempt, request);
    async {
        let started = Instant::now();
        match worker.dispatch(envelope, request).await {
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
                    queue::postpone(&worker.state.db, &id, pause_after(attempt, Uuid::new_v4().as_bytes()[0])).await?;
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
