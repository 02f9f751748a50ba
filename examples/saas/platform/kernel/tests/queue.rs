//! What the queue promises when jobs compete, fail, hang, are cancelled or make no sense, and when their workers do.

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{
    AppState, Job, Module,
    database::{self, Migration},
    jobs,
};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::{interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// Longer than it takes until a silent worker counts as dead, with a heartbeat a second.
const PATIENCE: Duration = Duration::from_secs(40);

/// No worker looks for jobs by itself within a test.
const NEVER: Duration = Duration::from_hours(1);

const HEARTBEAT: (&str, &str) = ("WORKER_HEARTBEAT_SECONDS", "1");

async fn enqueue(app: &TestApp, job: &impl Job) -> Option<i64> {
    let mut transaction = database::begin(app.db()).await.unwrap();
    let id = jobs::enqueue(&mut transaction, job).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

/// A worker that looks for jobs at this interval until it is stopped, or dies when the handle is aborted.
fn work(app: &TestApp, poll_interval: Duration) -> (JoinHandle<anyhow::Result<()>>, CancellationToken) {
    let (worker, stop) = (app.application.worker.clone(), CancellationToken::new());
    let stopping = stop.clone();
    (tokio::spawn(async move { worker.jobs_only(poll_interval).run(stopping).await }), stop)
}

async fn until(mut reached: impl AsyncFnMut() -> bool) {
    let wait = async {
        let mut pause = interval(Duration::from_millis(10));
        while !reached().await {
            pause.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it comes to this in time");
}

async fn until_done(app: &TestApp) {
    until(async || jobs::due(app.db()).await.unwrap() == 0).await;
}

async fn attempts(app: &TestApp, id: i64) -> i64 {
    sqlx::query_scalar("SELECT attempts FROM _jobs WHERE id = $1").bind(id).fetch_one(app.db()).await.unwrap()
}

async fn state(app: &TestApp, id: i64) -> String {
    sqlx::query_scalar("SELECT state FROM _jobs WHERE id = $1").bind(id).fetch_one(app.db()).await.unwrap()
}

/// Each test has a job of its own, because what it leaves behind is seen by the whole process.
macro_rules! job {
    ($name:ident { $($field:ident: $type:ty),* } $($item:item)*) => {
        #[derive(Serialize, Deserialize)]
        struct $name { $($field: $type),* }

        impl Job for $name {
            const NAME: &'static str = concat!("tests.", stringify!($name));
            $($item)*
        }
    };
}

/// Says when it is dropped.
struct Dropped(&'static Notify);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_worker_is_woken_when_a_job_is_committed() {
    job!(Prompt {}
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            Ok(())
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Prompt>()]).await;
    let (worker, stop) = work(&app, NEVER);
    for _ in 0..20 {
        enqueue(&app, &Prompt {}).await;
        until_done(&app).await;
    }
    stop.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test]
async fn important_jobs_run_first_and_then_those_that_wait_longest() {
    static ORDER: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    job!(Usual { number: u8 }
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            ORDER.lock().unwrap().push(self.number);
            Ok(())
        }
    );
    job!(Urgent { number: u8 }
        const PRIORITY: i16 = 10;

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            ORDER.lock().unwrap().push(self.number);
            Ok(())
        }
    );
    let module = Module::new("tests").job::<Usual>().job::<Urgent>();
    let app = TestApp::start_with(vec![module], &[("WORKER_CONCURRENCY", "1")]).await;
    enqueue(&app, &Usual { number: 3 }).await;
    enqueue(&app, &Urgent { number: 1 }).await;
    enqueue(&app, &Usual { number: 4 }).await;
    enqueue(&app, &Urgent { number: 2 }).await;
    app.run_jobs().await;
    assert_eq!(*ORDER.lock().unwrap(), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_job_waits_for_its_time() {
    job!(Later {}
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            Ok(())
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Later>()]).await;
    let mut connection = app.db().acquire().await.unwrap();
    let id = jobs::enqueue_in(Duration::from_hours(1), &mut connection, &Later {}).await.unwrap().unwrap();
    drop(connection);
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "scheduled");

    sqlx::query("UPDATE _jobs SET run_at = run_at - 3600000").execute(app.db()).await.unwrap();
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "done");
}

#[tokio::test]
async fn a_key_is_taken_until_its_job_has_ended() {
    job!(Only { key: String }
        fn key(&self) -> Option<String> {
            Some(self.key.clone())
        }

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            Ok(())
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Only>()]).await;
    let only = |key: &str| Only { key: key.to_owned() };
    assert!(enqueue(&app, &only("a")).await.is_some());
    assert!(enqueue(&app, &only("a")).await.is_none());
    assert!(enqueue(&app, &only("b")).await.is_some());
    app.run_jobs().await;
    let again = enqueue(&app, &only("a")).await.unwrap();
    assert!(jobs::cancel(&mut app.db().acquire().await.unwrap(), again).await.unwrap());
    assert!(enqueue(&app, &only("a")).await.is_some());
}

#[tokio::test]
async fn jobs_that_make_no_sense_stop_nobody() {
    job!(Number { number: u8 }
        const ATTEMPTS: u16 = 1;

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            Ok(())
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Number>()]).await;
    let (broken, other) =
        (enqueue(&app, &Number { number: 1 }).await.unwrap(), enqueue(&app, &Number { number: 2 }).await);
    let query = sqlx::query("UPDATE _jobs SET payload = '{\"num' WHERE id = $1").bind(broken);
    query.execute(app.db()).await.unwrap();
    app.run_jobs().await;
    assert_eq!(state(&app, broken).await, "dead");
    assert_eq!(state(&app, other.unwrap()).await, "done");
}

#[tokio::test]
async fn a_dead_job_tells_so_once_with_its_last_error() {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    job!(Doomed { how: String }
        const ATTEMPTS: u16 = 2;

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            match self.how.as_str() {
                "at once" => Err(jobs::give_up(anyhow::anyhow!("no such mailbox"))),
                _ => anyhow::bail!("no line"),
            }
        }

        async fn dead(self, _: AppState, error: anyhow::Error) -> anyhow::Result<()> {
            TOLD.lock().unwrap().push(format!("{}: {error:#}", self.how));
            assert!(self.how != "with a panic", "the hook panics as well");
            anyhow::bail!("the hook fails as well")
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Doomed>()]).await;
    let mut ids = Vec::new();
    for how in ["at last", "at once", "with a panic"] {
        ids.push(enqueue(&app, &Doomed { how: how.to_owned() }).await.unwrap());
    }
    app.run_jobs().await;
    assert_eq!(*TOLD.lock().unwrap(), ["at once: given up: no such mailbox"]);

    sqlx::query("UPDATE _jobs SET run_at = 0 WHERE state = 'scheduled'").execute(app.db()).await.unwrap();
    app.run_jobs().await;
    let mut told = TOLD.lock().unwrap().clone();
    told.sort();
    assert_eq!(told, ["at last: no line", "at once: given up: no such mailbox", "with a panic: no line"]);
    for (id, used) in ids.into_iter().zip([2, 1, 2]) {
        assert_eq!((state(&app, id).await.as_str(), attempts(&app, id).await), ("dead", used));
    }
}

#[tokio::test]
async fn a_cancelled_job_does_not_start_or_is_stopped() {
    static STARTED: Semaphore = Semaphore::const_new(0);
    static STOPPED: Notify = Notify::const_new();
    job!(Endless {}
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            let _dropped = Dropped(&STOPPED);
            STARTED.add_permits(1);
            std::future::pending().await
        }
    );
    let app = TestApp::start(vec![Module::new("tests").job::<Endless>()]).await;
    let waiting = enqueue(&app, &Endless {}).await.unwrap();
    assert!(jobs::cancel(&mut app.db().acquire().await.unwrap(), waiting).await.unwrap());
    app.run_jobs().await;
    assert_eq!(STARTED.available_permits(), 0);

    let (worker, stop) = work(&app, NEVER);
    let running = enqueue(&app, &Endless {}).await.unwrap();
    STARTED.acquire().await.unwrap().forget();
    let mut transaction = database::begin(app.db()).await.unwrap();
    assert!(jobs::cancel(&mut transaction, running).await.unwrap());
    transaction.commit().await.unwrap();
    timeout(PATIENCE, STOPPED.notified()).await.expect("it is stopped");
    stop.cancel();
    worker.await.unwrap().unwrap();
    for id in [waiting, running] {
        assert_eq!((state(&app, id).await.as_str(), attempts(&app, id).await), ("cancelled", 0));
        assert!(!jobs::cancel(&mut app.db().acquire().await.unwrap(), id).await.unwrap(), "it has ended");
    }
}

#[tokio::test]
async fn the_jobs_of_a_dead_worker_are_taken_up_after_six_heartbeats() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    job!(Orphan {}
        const ATTEMPTS: u16 = 1;

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    );
    let app = TestApp::start_with(vec![Module::new("tests").job::<Orphan>()], &[HEARTBEAT]).await;
    let id = enqueue(&app, &Orphan {}).await.unwrap();
    let (doomed, _stop) = work(&app, NEVER);
    until(async || RUNS.load(Ordering::SeqCst) == 1).await;
    doomed.abort();
    doomed.await.unwrap_err();
    let lease: i64 = sqlx::query_scalar("SELECT run_at - ms FROM _jobs, _clock").fetch_one(app.db()).await.unwrap();
    assert!((1..=6000).contains(&lease), "{lease} ms");

    let (worker, stop) = work(&app, Duration::from_millis(10));
    until_done(&app).await;
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    assert_eq!((state(&app, id).await.as_str(), attempts(&app, id).await), ("done", 1), "its death cost no attempt");
}

#[tokio::test]
async fn a_worker_stops_a_job_that_others_have_taken_from_it() {
    static STARTED: Notify = Notify::const_new();
    static STOPPED: Notify = Notify::const_new();
    job!(Stolen {}
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            let _dropped = Dropped(&STOPPED);
            STARTED.notify_one();
            std::future::pending().await
        }
    );
    let app = TestApp::start_with(vec![Module::new("tests").job::<Stolen>()], &[HEARTBEAT]).await;
    let id = enqueue(&app, &Stolen {}).await.unwrap();
    let (worker, stop) = work(&app, NEVER);
    STARTED.notified().await;
    sqlx::query("UPDATE _jobs SET locked_by = 'another'").execute(app.db()).await.unwrap();
    timeout(PATIENCE, STOPPED.notified()).await.expect("it is stopped");
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(
        (state(&app, id).await.as_str(), attempts(&app, id).await),
        ("running", 0),
        "the other one has it still"
    );
}

#[tokio::test]
async fn what_is_cut_off_by_a_stop_is_given_back_at_once() {
    static STARTED: Notify = Notify::const_new();
    job!(Slow {}
        async fn run(self, _: AppState) -> anyhow::Result<()> {
            STARTED.notify_one();
            std::future::pending().await
        }
    );
    let module = Module::new("tests").job::<Slow>();
    let app = TestApp::start_with(vec![module], &[("SHUTDOWN_SECONDS", "1")]).await;
    let id = enqueue(&app, &Slow {}).await.unwrap();
    let (worker, stop) = work(&app, NEVER);
    STARTED.notified().await;
    stop.cancel();
    let error = timeout(PATIENCE, worker).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("SHUTDOWN_SECONDS"), "{error}");
    assert_eq!((state(&app, id).await.as_str(), attempts(&app, id).await), ("waiting", 0));
}

/// What is logged in this process.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_failure_of_the_queue_itself_costs_no_attempt() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    job!(Unlucky { succeeds: bool }
        const ATTEMPTS: u16 = 1;

        async fn run(self, state: AppState) -> anyhow::Result<()> {
            if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
                // As good as a full disk: from now on, nothing can be written down.
                sqlx::query("ALTER TABLE _jobs RENAME TO _jobs_away").execute(&state.db).await?;
                anyhow::ensure!(self.succeeds, "the disk is full");
            }
            Ok(())
        }
    );
    tracing_subscriber::fmt().with_writer(|| Log).with_ansi(false).init();
    let app = TestApp::start(vec![Module::new("tests").job::<Unlucky>()]).await;
    for (succeeds, runs) in [(false, 2), (true, 1)] {
        RUNS.store(0, Ordering::SeqCst);
        LOG.lock().unwrap().clear();
        let id = enqueue(&app, &Unlucky { succeeds }).await.unwrap();
        let (worker, stop) = work(&app, Duration::from_millis(10));
        until(async || String::from_utf8_lossy(&LOG.lock().unwrap()).contains("end of the job cannot be written"))
            .await;
        sqlx::query("ALTER TABLE _jobs_away RENAME TO _jobs").execute(app.db()).await.unwrap();
        // The worker writes the end down as soon as it can; what failed comes again after a while.
        until(async || state(&app, id).await != "running").await;
        sqlx::query("UPDATE _jobs SET run_at = 0 WHERE state = 'scheduled'").execute(app.db()).await.unwrap();
        until(async || state(&app, id).await == "done").await;
        stop.cancel();
        worker.await.unwrap().unwrap();
        assert_eq!((RUNS.load(Ordering::SeqCst), attempts(&app, id).await), (runs, 1));
    }
}

#[tokio::test]
async fn a_module_may_have_any_name() {
    const MIGRATIONS: &[Migration] =
        &[Migration { version: 1, name: "create jobs", sql: "CREATE TABLE jobs (title TEXT NOT NULL)" }];

    job!(Offer {}
        async fn run(self, state: AppState) -> anyhow::Result<()> {
            sqlx::query("INSERT INTO jobs (title) VALUES ('gardener')").execute(&state.db).await?;
            Ok(())
        }
    );
    let app = TestApp::start(vec![Module::new("jobs").migrations(MIGRATIONS).job::<Offer>()]).await;
    enqueue(&app, &Offer {}).await;
    app.run_jobs().await;
    let offers: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(app.db()).await.unwrap();
    assert_eq!(offers, 1);
}
