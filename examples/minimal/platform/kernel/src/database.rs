//! The database: its connection pool, and the migrations of the modules.
//!
//! Write SQL that every database understands: `$1` for parameters, `RETURNING` for what an insert made.

use anyhow::{Context, ensure};
use sqlx::{
    SqlSafeStr,
    migrate::{Migrate, MigrationType, Migrator},
};

pub use crate::database::backend::{Backend, Connection, begin};
use crate::{Config, Module, jobs};

pub(crate) mod backend;

/// The pool that handlers and jobs get their connections from.
pub type Db = sqlx::Pool<Backend>;

/// One step of a module's schema. Never change a migration that has been released: add another one.
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

/// Opens the pool.
///
/// # Errors
///
/// Fails when the database cannot be reached or does not exist.
pub async fn connect(config: &Config) -> anyhow::Result<Db> {
    let options = config.database_url.expose().options(config);
    let db = backend::pool(config).connect_with(options).await;
    db.context(backend::UNOPENED).context("DATABASE_URL cannot be opened")
}

/// Brings the tables of every module up to date, in the order of the list.
///
/// # Errors
///
/// Names the module whose migration failed.
pub async fn migrate(db: &Db, modules: &[Module]) -> anyhow::Result<()> {
    for (name, migrator) in migrators(modules) {
        migrator.run(db).await.with_context(|| format!("the migrations of `{name}` failed"))?;
    }
    Ok(())
}

/// Makes sure that [`migrate`] has nothing left to do, without changing anything.
///
/// # Errors
///
/// Names the migrations that have not run yet, and says what to do.
pub async fn check_migrated(db: &Db, modules: &[Module]) -> anyhow::Result<()> {
    let mut connection = db.acquire().await?;
    let mut pending = Vec::new();
    for (name, migrator) in migrators(modules) {
        let table = &*migrator.table_name;
        let query = sqlx::query_scalar(backend::TABLE_EXISTS).bind(table);
        let applied = if query.fetch_one(&mut *connection).await? {
            connection.list_applied_migrations(table).await?
        } else {
            Vec::new()
        };
        for step in migrator.iter() {
            if applied.iter().all(|done| done.version != step.version) {
                pending.push(format!("\"{}\" of `{name}`", step.description));
            }
        }
    }
    let list = pending.join(", ");
    ensure!(pending.is_empty(), "run `app migrate` first; these have not run yet: {list}");
    Ok(())
}

/// Every module keeps its own record of what has run, so that a database which has seen a module that was removed since
/// still starts, and two modules never argue about version numbers.
fn migrators(modules: &[Module]) -> impl Iterator<Item = (&'static str, Migrator)> {
    let queue = std::iter::once(("jobs", jobs::migrations()));
    let modules = modules.iter().map(|module| {
        let steps = module.migrations.iter().map(|step| {
            sqlx::migrate::Migration::new(
                step.version,
                step.name.into(),
                MigrationType::Simple,
                step.sql.into_sql_str(),
                false,
            )
        });
        (module.name, Migrator::with_migrations(steps.collect()))
    });
    queue.chain(modules).map(|(name, mut migrator)| {
        migrator.dangerous_set_table_name(format!("_migrations_{name}"));
        (name, migrator)
    })
}
