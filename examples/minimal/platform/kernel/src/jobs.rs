//! Background jobs, kept in the application's own database, in the table `_jobs`.
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
    panic::Location,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    AppState, Background, BoxFuture,
    database::Connection,
    logging,
    observe::{Failed, Observation},
    server::deadline,
};

mod backend;
mod queue;

pub(crate) use self::backend::MIGRATIONS;
use self::queue::Outcome;
pub use self::queue::{Claimed, Lease, cancel, due, prune};

/// How often an idle worker looks for jobs. It is woken as well when one is accepted.
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

    /// Those with the highest number run first; among equals, those that were accepted first.
    const PRIORITY: i16 = 0;

    /// While a job of this kind with this key is unfinished, another one is not accepted.
    fn key(&self) -> Option<String> {
        None
    }

    /// What operators see of the job, instead of its data: never put a secret into it.
    fn describe(&self) -> String {
        Self::NAME.to_owned()
    }

    /// Does the work.
    fn run(self, state: AppState) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Runs when the attempts are used up, or the job was given up: to tell somebody, or to clean up. It may run twice.
    fn dead(self, _state: AppState, _error: anyhow::Error) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Accepts a job, unless its key is taken; returns its id if it did. Give it a transaction, and the job exists when the
/// transaction is committed.
///
/// # Errors
///
/// Fails when the job cannot be serialised or the database refuses it.
pub async fn enqueue<J: Job>(connection: &mut Connection, job: &J) -> anyhow::Result<Option<i64>> {
    enqueue_in(Duration::ZERO, connection, job).await
}

/// Like [`enqueue`], for a job that waits before it runs.
///
/// # Errors
///
/// Fails like [`enqueue`].
pub async fn enqueue_in<J: Job>(delay: Duration, connection: &mut Connection, job: &J) -> anyhow::Result<Option<i64>> {
    queue::push(connection, job, delay).await.with_context(|| format!("the job {} was not accepted", J::NAME))
}

/// The error of a job that is not worth another attempt.
pub fn give_up(error: impl Into<anyhow::Error>) -> anyhow::Error {
    error.into().context(GivenUp)
}

#[derive(Clone, Copy, Debug)]
struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("given up")
    }
}

type JobFuture = BoxFuture<'static, anyhow::Result<()>>;

/// A kind of job, with its type erased.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    run: fn(String, AppState) -> JobFuture,
    dead: fn(String, AppState, anyhow::Error) -> JobFuture,
}

impl Handler {
    pub(crate) fn of<J: Job>() -> Self {
        Self {
            run: |payload, state| Box::pin(async move { limited::<J>(read::<J>(&payload)?.run(state)).await }),
            dead: |payload, state, error| {
                Box::pin(async move { limited::<J>(read::<J>(&payload)?.dead(state, error)).await })
            },
        }
    }
}

fn read<J: Job>(payload: &str) -> anyhow::Result<J> {
    serde_json::from_str(payload).context("the stored job no longer fits its type")
}

async fn limited<J: Job>(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let ended = timeout(J::TIME_LIMIT, work).await;
    ended.with_context(|| format!("the job took longer than {:?}", J::TIME_LIMIT))?
}

/// A part for [`Module::add`](crate::Module::add): hands out jobs in the place of the database, if it returns some work.
///
/// That claims jobs with a [`Lease`], runs them with [`Worker::run_claimed`], and ends when the token is cancelled and all
/// jobs have ended.
#[derive(Clone, Copy, Debug)]
pub struct HandOut(pub fn(Worker, CancellationToken) -> Option<BoxFuture<'static, ()>>);

/// Runs the jobs of the modules.
#[derive(Clone, Debug)]
pub struct Worker {
    pub state: AppState,
    /// How often it looks for jobs.
    pub poll_interval: Duration,
    handlers: Arc<HashMap<&'static str, Handler>>,
    background: Arc<[Background]>,
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
    /// Fails when jobs are still unfinished at the end of the shutdown time. They are given back to other workers.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let background: &[Background] =
            &[|state| Box::pin(backend::listen(state)), |state| Box::pin(queue::keep_tidy(state))];
        let spawn = |work: &Background| AbortOnDropHandle::new(tokio::spawn(work(self.state.clone())));
        let _background: Vec<_> = background.iter().chain(&*self.background).map(spawn).collect();
        // New on every start, so that nobody is taken for a predecessor.
        let lease = Lease::new(&self.state, format!("worker-{}", Uuid::new_v4()));
        let work = async {
            match self.state.all().iter().find_map(|HandOut(work)| work(self.clone(), stop.clone())) {
                Some(work) => work.await,
                None => self.work(&lease, &stop).await,
            }
        };
        let outcome = tokio::select! {
            () = work => Ok(()),
            () = deadline(&stop, self.state.config.shutdown_timeout) => {
                Err(anyhow!("some jobs were cut off, because they took longer than SHUTDOWN_SECONDS"))
            }
        };
        // What was cut off need not wait until its lease ends, if the database is well.
        timeout(RESTART_PAUSE, lease.release()).await.ok();
        outcome
    }

    /// Runs jobs until `stop` is cancelled and the last one has ended.
    async fn work(&self, lease: &Lease, stop: &CancellationToken) {
        let mut running = JoinSet::new();
        let mut ticks = interval(self.poll_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !(stop.is_cancelled() && running.is_empty()) {
            let woken = queue::WAKE.notified();
            let places = if stop.is_cancelled() { 0 } else { self.state.config.worker_concurrency };
            let free = places.saturating_sub(running.len());
            match lease.claim(free).await {
                Ok(jobs) => {
                    for job in jobs {
                        let (worker, lease) = (self.clone(), lease.clone());
                        running.spawn(async move { worker.run_claimed(&lease, job).await });
                    }
                }
                Err(error) => {
                    tracing::error!("the worker cannot look for jobs, and tries again soon: {error:#}");
                    sleep(RESTART_PAUSE).await;
                }
            }
            tokio::select! {
                Some(_) = running.join_next() => while running.try_join_next().is_some() {},
                () = woken, if free > 0 => {}
                _ = ticks.tick() => {
                    if let Err(error) = lease.tend().await {
                        tracing::warn!("jobs whose time has come cannot be woken: {error}");
                    }
                }
                () = stop.cancelled(), if places > 0 => {}
            }
        }
    }

    /// Runs a job, and writes down what became of it.
    pub async fn run_claimed(&self, lease: &Lease, job: Claimed) {
        let (id, attempt) = (job.id, job.attempts + 1);
        let request = job.request.clone().unwrap_or_else(|| id.to_string());
        let span = tracing::info_span!("job", kind = job.kind, id, attempt, request);
        async {
            let mut outcome = tokio::select! {
                outcome = logging::with_request_id(request, self.attempt(&job)) => outcome,
                () = lease.lost(id) => {
                    tracing::warn!("job stopped: it was cancelled, or the worker was cut off from the database");
                    return;
                }
            };
            loop {
                match lease.settle(id, &outcome).await {
                    Ok(true) => return,
                    Ok(false) => return tracing::warn!("job ended, but it was cancelled or given to another worker"),
                    Err(error) => tracing::error!("the end of the job cannot be written down: {error:#}"),
                }
                // Whatever fails the queue has failed the job as well, most likely.
                if let Outcome::Failed(error, _) | Outcome::Dead(error) = outcome {
                    outcome = Outcome::Disturbed(error, pause_after(attempt, 0));
                }
                sleep(RESTART_PAUSE).await;
            }
        }
        .instrument(span)
        .await;
    }

    async fn attempt(&self, job: &Claimed) -> Outcome {
        let (started, attempt, kind) = (Instant::now(), job.attempts + 1, &*job.kind);
        let handler = self.handlers.get(kind);
        let ended = match handler {
            Some(handler) => apart((handler.run)(job.payload.clone(), self.state.clone())).await,
            None => Err(anyhow!("no module handles jobs of this kind")),
        };
        let elapsed = started.elapsed();
        let observe = |outcome| self.state.observe(&Observation::Worked { kind, outcome, elapsed });
        let Err(error) = ended else {
            tracing::info!(?elapsed, "job done");
            observe("done");
            return Outcome::Done;
        };
        let text = format!("{error:#}");
        if attempt < job.max_attempts && !error.is::<GivenUp>() {
            tracing::warn!("job failed: {text}");
            observe("failed");
            return Outcome::Failed(text, pause_after(attempt, Uuid::new_v4().as_bytes()[0]));
        }
        tracing::error!("job is dead: {text}");
        observe("dead");
        let request_id = logging::current_request_id();
        let failed = Failed { cause: &error, at: Location::caller(), during: kind, request_id: request_id.as_deref() };
        self.state.observe(&Observation::Failed(failed));
        if let Some(handler) = handler
            && let Err(error) = apart((handler.dead)(job.payload.clone(), self.state.clone(), error)).await
        {
            tracing::error!("what a dead job calls for failed: {error:#}");
        }
        Outcome::Dead(text)
    }
}

/// A task of its own keeps a job that panics or computes for long from stopping the worker.
async fn apart(work: JobFuture) -> anyhow::Result<()> {
    let request = logging::current_request_id().unwrap_or_default();
    let work = logging::with_request_id(request, work).in_current_span();
    AbortOnDropHandle::new(tokio::spawn(work)).await.context("the job panicked")?
}

/// 5 seconds after the first attempt, twice as long after each further one, at most an hour; and up to a quarter more, so
/// that jobs which failed together do not come back together.
fn pause_after(attempt: i64, jitter: u8) -> Duration {
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
