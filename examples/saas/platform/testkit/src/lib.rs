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
mod visitor;

mod browser;
mod element;
mod factory;
mod form;
mod multipart;
mod restart;

pub use browser::Browser;
pub use element::Element;
pub use factory::{sequence, unique};
pub use form::Form;
pub use multipart::Multipart;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use kernel::{Application, Clock, Config, Db, Module, Visitor, jobs};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use crate::client::Response;
use crate::database::TestDatabase;

/// What a test waits for must happen within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running application on a port of its own, for somebody. It stops when the last of its values is dropped, and its
/// database goes away.
#[derive(Clone, Debug)]
pub struct TestApp {
    pub application: Application,
    pub address: SocketAddr,
    /// Who has signed in, if anybody has: [`TestApp::as_user`], [`TestApp::as_role`].
    pub visitor: Option<Visitor>,
    // Dropped in this order: first the server stops, then its database goes.
    running: Arc<(DropGuard, TestDatabase)>,
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
    pub async fn start_with(mut modules: Vec<Module>, variables: &[(&str, &str)]) -> Self {
        modules.push(visitor::module());
        let database = TestDatabase::new();
        let config = configure(&database.url, &modules, variables);
        let db = kernel::database::prepare(&config, &modules).await.expect("the test database can be made");

        let application = Application::build(config, db, modules).expect("the modules fit together");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let stop = CancellationToken::new();
        tokio::spawn({
            let (application, stop) = (application.clone(), stop.clone());
            async move { application.serve(listener, stop).await }
        });
        Self { application, address, visitor: None, running: Arc::new((stop.drop_guard(), database)) }
    }

    /// The pool of the application under test.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.application.state.db
    }

    /// What `DATABASE_URL` is for other processes that work with this database.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.running.1.url
    }

    /// The time of the application under test: stop it with `set`, and let it pass with `advance`.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.application.state.clock
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

fn configure(url: &str, modules: &[Module], variables: &[(&str, &str)]) -> Config {
    let own = [("DATABASE_URL", url), ("DATABASE_CONNECTIONS", "8"), ("PUBLIC_URL", "https://app.test")];
    let secret = "the secret of a test, which everybody may know";
    let own = own.into_iter().chain([("APP_SECRET", secret)]).collect::<Vec<_>>();
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tmp/uploads");
    let own = [&own[..], &[("UPLOADS_FOLDER", files)]].concat();
    let all = own.iter().chain(variables).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::from_variables(&all.collect(), modules).expect("the test configuration is valid")
}
