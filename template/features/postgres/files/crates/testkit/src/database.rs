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
        let server = config::variables().expect("the environment can be read").remove("DATABASE_URL");
        let server = server.expect("tests need a server: `scripts/postgres -- cargo test`, or set DATABASE_URL");
        let server: PgConnectOptions = server.parse().expect("DATABASE_URL is the URL of a PostgreSQL server");
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
