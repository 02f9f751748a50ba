//! What this process logs, down to the finest level, and what its database is asked.

use std::{
    collections::HashMap,
    io::{self, Write},
    mem,
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

use kernel::{Application, Config, database};
use testkit::TestApp;
use tokio::{net::TcpListener, sync::MutexGuard};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Whoever holds this has the log alone.
pub async fn begin() -> MutexGuard<'static, ()> {
    static ONCE: Once = Once::new();
    let turn = TURN.lock().await;
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(|| Log).init();
    });
    take();
    turn
}

/// What was logged since the last time.
pub fn take() -> String {
    let log = mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner));
    String::from_utf8(log).expect("the log is text")
}

/// How often the database of [`start_with_queries_logged`] was asked since the last time. Whether a connection is tried before it is used depends on how long it
/// has rested.
pub fn queries() -> usize {
    let log = take();
    log.lines().filter(|line| line.contains("slow_threshold=0ns") && !line.contains("BEGIN; ROLLBACK")).count()
}

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The application as it is, for which every query is a slow one: those are logged.
pub async fn start_with_queries_logged() -> TestApp {
    let mut app = TestApp::start(app::modules()).await;
    let secret = "the secret of a test, which everybody may know";
    let own = [
        ("DATABASE_URL", app.database_url()),
        ("PUBLIC_URL", "https://app.test"),
        ("APP_SECRET", secret),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let variables: HashMap<_, _> = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let modules = app::modules();
    let mut config = Config::from_variables(&variables, &modules).expect("the configuration is valid");
    config.slow_query = Duration::ZERO;
    let db = database::prepare(&config, &modules).await.expect("the database is there");
    let application = Application::build(config, db, modules).expect("the modules fit together");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    app.address = listener.local_addr().expect("the listener has an address");
    app.application = application.clone();
    tokio::spawn(async move { application.serve(listener, CancellationToken::new()).await });
    app
}
