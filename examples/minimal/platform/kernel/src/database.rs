//! The database: its connections, and the migrations of the modules.
//!
//! Write SQL that every database understands: `$1` for parameters, `RETURNING` for what an insert made.

use std::iter;

use anyhow::{Context, ensure};
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Database, Describe, Either, Execute, Executor, Pool, SqlSafeStr, SqlStr,
    migrate::{Migrate, Migration as Step, MigrationType},
    pool::PoolConnection,
};

pub use crate::database::backend::{Backend, Connection, TIMES_ARE_TEXTS, begin};
use crate::{Config, Module, jobs};

use backend::Pools;

pub(crate) mod backend;

/// The database, as handlers and jobs see it. Cheap to clone.
///
/// - `query.fetch…(&state.db)` reads.
/// - `query.execute(&state.db)` makes one change.
/// - [`begin`] starts a transaction: for changes that belong together, and for those that return rows. `SQLite` refuses
///   to make such a change with `fetch…(&state.db)`.
#[derive(Clone, Debug)]
pub struct Db {
    pages: Pools,
    /// Jobs have connections of their own: however many wait for something, pages are served.
    jobs: Pools,
}

impl Db {
    /// For work that needs the same connection throughout and may write. Do not keep it: others may be waiting for it.
    ///
    /// # Errors
    ///
    /// Fails when no connection is free in time.
    pub async fn acquire(&self) -> sqlx::Result<PoolConnection<Backend>> {
        self.pages.writer().acquire().await
    }

    /// The connections that only read, for several queries on the same one.
    #[must_use]
    pub const fn reader(&self) -> &Pool<Backend> {
        self.pages.reader()
    }

    pub(crate) fn for_jobs(&self) -> Self {
        Self { pages: self.jobs.clone(), jobs: self.jobs.clone() }
    }

    /// Closes all connections, when nobody uses them any more.
    pub async fn close(&self) {
        for pools in [&self.pages, &self.jobs] {
            pools.reader().close().await;
            pools.writer().close().await;
        }
    }
}

type QueryResult = <Backend as Database>::QueryResult;
type Row = <Backend as Database>::Row;

impl<'c> Executor<'c> for &Db {
    type Database = Backend;

    fn execute_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<QueryResult>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Backend>,
    {
        self.pages.writer().execute_many(query)
    }

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<QueryResult, Row>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Backend>,
    {
        self.pages.reader().fetch_many(query).map_err(backend::explain).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<Row>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Backend>,
    {
        self.pages.reader().fetch_optional(query).map_err(backend::explain).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Backend as Database>::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<<Backend as Database>::Statement>>
    where
        'c: 'e,
    {
        self.pages.reader().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Backend>>>
    where
        'c: 'e,
    {
        self.pages.reader().describe(sql)
    }
}

/// One step of a module's schema. Never change a migration that has been released: add another one.
///
/// It runs in a transaction. One whose SQL begins with the line `-- no-transaction` runs outside: on `PostgreSQL` for
/// `CREATE INDEX CONCURRENTLY`, a single statement; on `SQLite` with foreign keys switched off, so that a table can be
/// built anew without the rows that refer to it being deleted. They are checked before it is committed.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

/// Creates the database unless there is one, opens it, and brings its tables up to date.
///
/// # Errors
///
/// Fails when the database can be neither reached nor created, or a migration fails.
pub async fn prepare(config: &Config, modules: &[Module]) -> anyhow::Result<Db> {
    backend::create_if_missing(config).await.context("the database of DATABASE_URL cannot be created")?;
    let db = connect(config).await?;
    migrate(&db, modules).await?;
    Ok(db)
}

/// Opens the pools.
///
/// # Errors
///
/// Fails when the database cannot be reached or does not exist.
pub async fn connect(config: &Config) -> anyhow::Result<Db> {
    backend::connect(config).await.context(backend::UNOPENED).context("DATABASE_URL cannot be opened")
}

/// Brings the tables of every module up to date, in the order of the list. What a newer version of the application has
/// done stays, so that one can go back to the version before.
///
/// # Errors
///
/// Names the migration that failed, and its module.
pub async fn migrate(db: &Db, modules: &[Module]) -> anyhow::Result<()> {
    let mut connection = db.acquire().await?;
    connection.lock().await?;
    let outcome = run(&mut connection, modules).await;
    connection.unlock().await?;
    outcome
}

async fn run(connection: &mut Connection, modules: &[Module]) -> anyhow::Result<()> {
    for history in histories(modules) {
        connection.ensure_migrations_table(&history.table).await?;
        for step in pending(connection, &history).await? {
            let outcome = backend::apply(connection, &history.table, step).await;
            outcome.with_context(|| format!("the migration {} failed", history.describe(step)))?;
        }
    }
    Ok(())
}

/// Makes sure that [`migrate`] has nothing left to do, without changing anything.
///
/// # Errors
///
/// Names the migrations that have not run yet, and says what to do.
pub async fn check_migrated(db: &Db, modules: &[Module]) -> anyhow::Result<()> {
    let mut connection = db.reader().acquire().await?;
    let mut list = Vec::new();
    for history in histories(modules) {
        list.extend(pending(&mut connection, &history).await?.into_iter().map(|step| history.describe(step)));
    }
    ensure!(list.is_empty(), "run `app migrate` first; these have not run yet: {}", list.join(", "));
    Ok(())
}

/// The migrations that have not run yet.
async fn pending<'a>(connection: &mut Connection, history: &'a History) -> anyhow::Result<Vec<&'a Step>> {
    let mut pending: Vec<_> = history.steps.iter().collect();
    if !sqlx::query_scalar(backend::TABLE_EXISTS).bind(&history.table).fetch_one(&mut *connection).await? {
        return Ok(pending);
    }
    for done in connection.list_applied_migrations(&history.table).await? {
        let Some(index) = pending.iter().position(|step| step.version == done.version) else {
            let (version, module) = (done.version, history.module);
            tracing::warn!(version, module, "a newer version of the application has run this migration: it stays");
            continue;
        };
        let (step, advice) = (pending.remove(index), "was changed after it had run: undo that, and add another one");
        ensure!(step.checksum == done.checksum, "the migration {} {advice}", history.describe(step));
    }
    Ok(pending)
}

/// Every module keeps its own record of what has run, so that a database which has seen a module that was removed since
/// still starts, and two modules never argue about version numbers.
struct History {
    module: &'static str,
    table: String,
    steps: Vec<Step>,
}

impl History {
    fn describe(&self, step: &Step) -> String {
        format!("\"{}\" of `{}`", step.description, self.module)
    }
}

/// The queue of jobs has a name that no module can have.
fn histories(modules: &[Module]) -> impl Iterator<Item = History> {
    let modules =
        modules.iter().map(|module| (module.name, &*module.migrations)).filter(|(_, steps)| !steps.is_empty());
    iter::once(("_jobs", jobs::MIGRATIONS)).chain(modules).map(|(module, steps)| {
        let steps = steps.iter().map(|step| {
            let outside = step.sql.starts_with("-- no-transaction");
            Step::new(step.version, step.name.into(), MigrationType::Simple, step.sql.into_sql_str(), outside)
        });
        let mut steps: Vec<_> = steps.collect();
        steps.sort();
        History { module, table: format!("_migrations_{module}"), steps }
    })
}
