use std::thread;

use kernel::config;
use sqlx::{ConnectOptions, Postgres, migrate::MigrateDatabase, postgres::PgConnectOptions};
use tokio::runtime;
use uuid::Uuid;

/// A database of its own for one test, on the server of `DATABASE_URL`. It is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
}

impl TestDatabase {
    /// Chooses a name. The application creates the database when it connects.
    pub fn new() -> Self {
        let variables = config::variables().expect("the environment can be read");
        let server: PgConnectOptions = variables
            .get("DATABASE_URL")
            .expect(
                "tests need a PostgreSQL server: run them with `scripts/postgres -- cargo test`, or \
                 set DATABASE_URL",
            )
            .parse()
            .expect("DATABASE_URL is the URL of a PostgreSQL server");
        let name = format!("test_{}", Uuid::new_v4().simple());
        Self { url: server.database(&name).to_url_lossy().into() }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let url = self.url.clone();
        // A value is dropped outside of async code, perhaps by a runtime that is shutting down: this takes a thread and
        // a runtime of its own.
        let cleaner = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(Postgres::force_drop_database(&url)).map_err(std::io::Error::other)
        });
        match cleaner.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("a test database is left over: {error}"),
            Err(_) => eprintln!("a test database is left over"),
        }
    }
}
