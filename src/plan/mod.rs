//! What a command is going to do: shown by `--dry-run`, printed by `--json`, and executed as it stands.

mod change;
mod migrations;
mod new;

pub(crate) use self::change::unified;
pub use self::change::{ChangePlan, Env, Side};
pub use self::migrations::{Data, DropError, DropMigration};
pub use self::new::{GitPlan, NewProject, size};
