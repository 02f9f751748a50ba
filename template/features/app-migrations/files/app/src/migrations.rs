//! Changes of the database that belong to no module: `migrations/`.

use kernel::{Module, database::Migration};

/// The files, as `build.rs` lists them.
const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Comes before all modules, and so do its migrations.
pub fn module() -> Module {
    Module::new("app").migrations(MIGRATIONS)
}
