use std::{io, thread};

use kernel::config;
use sqlx::{ConnectOptions, Postgres, migrate::MigrateDatabase, postgres::PgConnectOptions};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// A database of its own for one test, on the server of `DATABASE_URL`. It is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
}

impl TestDatabase {
    /// Chooses a name. The application creates the database when it connects.
    pub fn new() -> Self {
        let url = config::variables().expect("the environment can be read").get("DATABASE_URL").map(ToOwned::to_owned);
        let url = url.filter(|url| url.starts_with("postgres")).and_then(|url| url.parse::<PgConnectOptions>().ok());
        let server = url.expect("tests need PostgreSQL: `scripts/postgres -- cargo test`, or a DATABASE_URL of it");
        Self { url: server.database(&format!("test_{}", Uuid::new_v4().simple())).to_url_lossy().into() }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let url = self.url.clone();
        // The runtime around this may be shutting down: it takes a thread and a runtime of its own.
        let drop = move || Runtime::new()?.block_on(Postgres::force_drop_database(&url)).map_err(io::Error::other);
        let dropped = thread::spawn(drop).join();
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("a test database is left over: {dropped:?}");
        }
    }
}
