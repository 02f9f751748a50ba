//! With Redis, jobs keep all of the promises that they keep without it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{
    AppState, Application, Config, Job, Module, config,
    database::{self, Migration},
    jobs,
};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than it takes until lost jobs are handed out again, with a heartbeat a second.
const PATIENCE: Duration = Duration::from_secs(40);

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the table of marks", sql: "CREATE TABLE marks (word TEXT NOT NULL)" }];

/// Leaves a mark in the database. Its word says how it ends.
#[derive(Serialize, Deserialize)]
struct Mark {
    word: String,
}

impl Job for Mark {
    const NAME: &'static str = "marks.make";
    const ATTEMPTS: u16 = 2;
    const TIME_LIMIT: Duration = Duration::from_secs(30);

    fn key(&self) -> Option<String> {
        self.word.strip_prefix("only ").map(str::to_owned)
    }

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        sqlx::query("INSERT INTO marks (word) VALUES ($1)").bind(&self.word).execute(&state.db).await?;
        match self.word.as_str() {
            "fail" => anyhow::bail!("not today"),
            "panic" => panic!("not today either"),
            "give up" => Err(jobs::give_up(anyhow::anyhow!("never"))),
            _ => Ok(()),
        }
    }
}

fn marks() -> Module {
    Module::new("marks").migrations(MIGRATIONS).job::<Mark>()
}

fn url() -> String {
    let url = config::variables().unwrap().get("REDIS_URL").filter(|url| !url.is_empty()).map(ToOwned::to_owned);
    url.expect("these tests need a Redis server: run them with `scripts/redis -- cargo test`, or set REDIS_URL")
}

async fn start(module: Module) -> TestApp {
    let variables = [("REDIS_URL", &*url()), ("WORKER_HEARTBEAT_SECONDS", "1"), ("SHUTDOWN_SECONDS", "1")];
    TestApp::start_with(vec![redis_jobs::module(), module], &variables).await
}

async fn enqueue(app: &TestApp, job: &impl Job) -> bool {
    let mut transaction = database::begin(app.db()).await.unwrap();
    let accepted = jobs::enqueue(&mut transaction, job).await.unwrap();
    transaction.commit().await.unwrap();
    accepted.is_some()
}

async fn mark(app: &TestApp, word: &str) -> bool {
    enqueue(app, &Mark { word: word.to_owned() }).await
}

async fn words(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT word FROM marks ORDER BY word").fetch_all(app.db()).await.unwrap()
}

async fn connect() -> redis::aio::MultiplexedConnection {
    redis::Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// What Redis has of this application's jobs.
async fn keys(app: &TestApp) -> Vec<String> {
    let queue: String = sqlx::query_scalar("SELECT name FROM redis_queue").fetch_one(app.db()).await.unwrap();
    let pattern = format!("jobs:{{{queue}}}:*");
    redis::cmd("KEYS").arg(pattern).query_async(&mut connect().await).await.unwrap()
}

/// A worker that looks for jobs until it is stopped, or dies when the handle is aborted.
fn work(app: &TestApp) -> (JoinHandle<anyhow::Result<()>>, CancellationToken) {
    let (worker, stop) = (app.application.worker.clone(), CancellationToken::new());
    let stopping = stop.clone();
    (tokio::spawn(async move { worker.jobs_only(Duration::from_millis(10)).run(stopping).await }), stop)
}

async fn wait_until_done(app: &TestApp) {
    let done = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while jobs::due(app.db()).await.unwrap() > 0 {
            pause.tick().await;
        }
    };
    timeout(PATIENCE, done).await.expect("the jobs come to an end");
}

#[tokio::test]
async fn jobs_run_once_each_and_nothing_stays_in_redis() {
    let app = start(marks()).await;
    for word in ["a", "b", "c"] {
        mark(&app, word).await;
    }
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["a", "b", "c"]);
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["a", "b", "c"]);

    let (worker, stop) = work(&app);
    for number in 0..300 {
        mark(&app, &format!("d{number}")).await;
    }
    wait_until_done(&app).await;
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(words(&app).await.len(), 303);
    assert_eq!(keys(&app).await, [""; 0]);
}

#[tokio::test]
async fn a_job_vanishes_with_its_transaction() {
    let app = start(marks()).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    jobs::enqueue(&mut transaction, &Mark { word: "never".to_owned() }).await.unwrap();
    transaction.rollback().await.unwrap();
    mark(&app, "always").await;
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["always"]);
}

#[tokio::test]
async fn failures_wait_for_another_attempt_and_stop_nobody() {
    let app = start(marks()).await;
    for word in ["fail", "give up", "panic", "succeed"] {
        mark(&app, word).await;
    }
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["fail", "give up", "panic", "succeed"]);

    // The second attempts of those that did not give up come five seconds later; they are the last ones.
    let (worker, stop) = work(&app);
    let again = async {
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        while words(&app).await.len() < 6 {
            pause.tick().await;
        }
    };
    timeout(PATIENCE, again).await.expect("what failed is tried again");
    wait_until_done(&app).await;
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(words(&app).await, ["fail", "fail", "give up", "panic", "panic", "succeed"]);
}

#[tokio::test]
async fn a_job_waits_for_its_time() {
    let app = start(marks()).await;
    let job = Mark { word: "later".to_owned() };
    jobs::enqueue_in(Duration::from_mins(1), &mut app.db().acquire().await.unwrap(), &job).await.unwrap();
    app.run_jobs().await;
    assert!(words(&app).await.is_empty());
}

#[tokio::test]
async fn a_key_is_taken_until_its_job_is_finished() {
    let app = start(marks()).await;
    assert!(mark(&app, "only once").await);
    assert!(!mark(&app, "only once").await);
    app.run_jobs().await;
    assert!(mark(&app, "only once").await);
    app.run_jobs().await;
    assert_eq!(words(&app).await, ["only once", "only once"]);
}

static STARTED: Semaphore = Semaphore::const_new(0);
static MAY_END: Semaphore = Semaphore::const_new(0);

/// One that is told when to end.
#[derive(Serialize, Deserialize)]
struct Patient;

impl Job for Patient {
    const NAME: &'static str = "tests.patient";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        STARTED.add_permits(1);
        MAY_END.acquire().await?.forget();
        Ok(())
    }
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_finishes_its_job() {
    let app = start(Module::new("tests").job::<Patient>()).await;
    enqueue(&app, &Patient).await;
    let (worker, stop) = work(&app);
    STARTED.acquire().await.unwrap().forget();
    stop.cancel();
    assert!(!worker.is_finished());
    MAY_END.add_permits(1);
    timeout(PATIENCE, worker).await.unwrap().unwrap().unwrap();
    assert_eq!(jobs::due(app.db()).await.unwrap(), 0);
}

/// Runs until it is cut off, and ends at once the second time.
macro_rules! stubborn {
    ($name:ident) => {
        static RUNS: AtomicUsize = AtomicUsize::new(0);

        #[derive(Serialize, Deserialize)]
        struct $name;

        impl Job for $name {
            const NAME: &'static str = concat!("tests.", stringify!($name));
            const ATTEMPTS: u16 = 1;

            async fn run(self, _: AppState) -> anyhow::Result<()> {
                if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        }

        async fn runs(times: usize) {
            let run = async {
                let mut pause = tokio::time::interval(Duration::from_millis(10));
                while RUNS.load(Ordering::SeqCst) < times {
                    pause.tick().await;
                }
            };
            timeout(PATIENCE, run).await.expect("the job starts");
        }
    };
}

#[tokio::test]
async fn the_jobs_of_a_dead_worker_are_taken_up() {
    stubborn!(Orphan);
    let app = start(Module::new("tests").job::<Orphan>()).await;
    enqueue(&app, &Orphan).await;
    let (doomed, _stop) = work(&app);
    runs(1).await;
    doomed.abort();
    doomed.await.unwrap_err();

    // Its only attempt was not used up.
    app.run_jobs().await;
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

/// Stands between an application and Redis, and breaks its connections when it is told to.
struct Cable {
    port: u16,
    broken: watch::Sender<()>,
    /// How often the application has said something.
    said: Arc<AtomicUsize>,
}

impl Cable {
    async fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (broken, breaks) = watch::channel(());
        let said = Arc::new(AtomicUsize::new(0));
        let url: redis::ConnectionInfo = url().parse().unwrap();
        let redis = url.addr().to_string();
        tokio::spawn({
            let said = Arc::clone(&said);
            async move {
                while let Ok((near, _)) = listener.accept().await {
                    let (far, mut breaks) = (TcpStream::connect(&redis).await.unwrap(), breaks.clone());
                    breaks.mark_unchanged();
                    tokio::spawn(relay(near, far, breaks, Arc::clone(&said)));
                }
            }
        });
        Self { port, broken, said }
    }
}

async fn relay(mut near: TcpStream, mut far: TcpStream, mut breaks: watch::Receiver<()>, said: Arc<AtomicUsize>) {
    let (mut questions, mut answers) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            _ = breaks.changed() => return,
            Ok(length @ 1..) = near.read(&mut questions) => {
                said.fetch_add(1, Ordering::SeqCst);
                far.write_all(&questions[..length]).await.unwrap();
            }
            Ok(length @ 1..) = far.read(&mut answers) => near.write_all(&answers[..length]).await.unwrap(),
            else => return,
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_starts_no_job_again() {
    stubborn!(Steady);
    let cable = Cable::lay().await;
    let variables = [("REDIS_URL", &*format!("redis://127.0.0.1:{}", cable.port)), ("SHUTDOWN_SECONDS", "1")];
    let app = TestApp::start_with(vec![redis_jobs::module(), Module::new("tests").job::<Steady>()], &variables).await;
    enqueue(&app, &Steady).await;
    let (worker, stop) = work(&app);
    runs(1).await;
    for _ in 0..3 {
        cable.broken.send_replace(());
        let looked = cable.said.load(Ordering::SeqCst) + 50;
        let looks = async {
            let mut pause = tokio::time::interval(Duration::from_millis(10));
            while cable.said.load(Ordering::SeqCst) < looked {
                pause.tick().await;
            }
        };
        timeout(PATIENCE, looks).await.expect("the worker speaks with Redis again");
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    }
    stop.cancel();
    worker.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn what_redis_loses_is_handed_out_again() {
    stubborn!(Lost);
    let app = start(Module::new("tests").job::<Lost>()).await;
    enqueue(&app, &Lost).await;
    let (worker, stop) = work(&app);
    runs(1).await;
    let keys = keys(&app).await;
    redis::cmd("DEL").arg(&keys).exec_async(&mut connect().await).await.unwrap();

    runs(2).await;
    wait_until_done(&app).await;
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_redis_the_database_takes_over() {
    stubborn!(Stranded);
    let app = start(Module::new("tests").job::<Stranded>()).await;
    enqueue(&app, &Stranded).await;
    let (doomed, _stop) = work(&app);
    runs(1).await;
    doomed.abort();
    doomed.await.unwrap_err();

    // The same application, as it starts when REDIS_URL has been removed.
    let modules = || vec![redis_jobs::module(), Module::new("tests").job::<Stranded>()];
    let plain = TestApp::start_with(modules(), &[("WORKER_HEARTBEAT_SECONDS", "1")]).await;
    let config = Config::clone(&plain.application.state.config);
    let application = Application::build(config, app.db().clone(), modules()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { application.worker.run(stop).await }
    });
    wait_until_done(&app).await;
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn while_redis_is_away_jobs_are_accepted_and_the_health_check_fails() {
    // Nothing listens at port 1.
    let variables = [("REDIS_URL", "redis://127.0.0.1:1"), ("SHUTDOWN_SECONDS", "1")];
    let app = TestApp::start_with(vec![redis_jobs::module(), marks()], &variables).await;
    assert!(mark(&app, "patience").await);
    let response = app.get("/health/ready").await;
    assert_eq!(response.status, 503);
    assert!(response.body.contains(r#""redis":"failing""#), "{}", response.body);

    let app = start(marks()).await;
    let response = app.get("/health/ready").await;
    assert_eq!(response.status, 200, "{}", response.body);
}

#[test]
fn a_malformed_url_is_reported_and_not_shown() {
    let read = |url: &str| {
        let variables = [("DATABASE_URL", "nonsense"), ("REDIS_URL", url)];
        let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Config::from_variables(&HashMap::from(variables), &[redis_jobs::module()]).unwrap_err().to_string()
    };
    for url in ["127.0.0.1", "http://me:s3cret@127.0.0.1", "rediss://:s3cret@127.0.0.1"] {
        let error = read(url);
        assert!(error.contains("REDIS_URL is malformed: it expects a URL such as `redis://"), "{error}");
        assert!(!error.contains("s3cret"));
    }
    for url in ["", "redis://:s3cret@127.0.0.1:6379/1"] {
        assert!(!read(url).contains("REDIS_URL"), "{url}");
    }
}
