//! Tests that talk to the real application, over HTTP, with a database of their own.
//!
//! ```no_run
//! # async fn example() {
//! use testkit::TestApp;
//!
//! let app = TestApp::start(vec![/* the modules under test */]).await;
//! let response = app.get("/health/live").await;
//! assert_eq!(response.status, 200);
//! # }
//! ```

mod client;
mod database;

use std::{net::SocketAddr, time::Duration};

use kernel::{Application, Config, Db, Module, jobs};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use crate::client::Response;
use crate::database::TestDatabase;

/// What a test waits for must happen within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running application on a port of its own. It stops when this value is dropped, and its database goes away.
#[derive(Debug)]
pub struct TestApp {
    pub application: Application,
    pub address: SocketAddr,
    // Fields are dropped in this order: first the server stops, then its database goes.
    _stop: DropGuard,
    _database: TestDatabase,
}

impl TestApp {
    /// Starts the modules, with their migrations done. Jobs wait until [`TestApp::run_jobs`].
    ///
    /// # Panics
    ///
    /// When the application does not start.
    pub async fn start(modules: Vec<Module>) -> Self {
        Self::start_with(modules, &[]).await
    }

    /// Like [`TestApp::start`], with more environment variables.
    ///
    /// # Panics
    ///
    /// When the application does not start.
    pub async fn start_with(modules: Vec<Module>, variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new();
        let own = [("DATABASE_URL", database.url.as_str()), ("DATABASE_CONNECTIONS", "5")];
        let all = own.iter().chain(variables).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config = Config::from_variables(&all.collect(), &modules).expect("the test configuration is valid");
        let db = kernel::database::prepare(&config, &modules).await.expect("the test database can be made");

        let application = Application::build(config, db, modules);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let stop = CancellationToken::new();
        tokio::spawn({
            let (application, stop) = (application.clone(), stop.clone());
            async move { application.serve(listener, stop).await }
        });
        Self { application, address, _stop: stop.drop_guard(), _database: database }
    }

    /// The pool of the application under test.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.application.state.db
    }

    /// Runs jobs until none is left that could run now. Jobs that failed and wait for another attempt are left alone.
    ///
    /// # Panics
    ///
    /// When the jobs do not come to an end.
    pub async fn run_jobs(&self) {
        let stop = CancellationToken::new();
        let worker = self.application.worker.clone().jobs_only(Duration::from_millis(10));
        let run = Box::pin(worker.run(stop.clone()));
        let watch = async {
            let mut pause = tokio::time::interval(Duration::from_millis(10));
            while jobs::due(self.db()).await.expect("jobs can be counted") > 0 {
                pause.tick().await;
            }
            stop.cancel();
        };
        let (outcome, ()) =
            timeout(PATIENCE, async { tokio::join!(run, watch) }).await.expect("the jobs come to an end");
        outcome.expect("the worker stops in time");
    }
}
