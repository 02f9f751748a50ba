//! What a command is going to do: shown by `--dry-run`, printed by `--json`, and executed as it stands.

mod branches;
mod change;
mod dependents;
mod draft;
mod fit;
mod lock;
mod migrations;
mod new;
mod plain;
mod report;
mod uses;

pub use self::branches::merge_records;
pub use self::change::{ChangePlan, Env, Side};
pub use self::dependents::Dependent;
pub use self::draft::{Draft, DraftError};
pub use self::fit::misfits;
pub use self::migrations::{Data, DropError, DropMigration};
pub use self::new::{GitPlan, NewProject, PlannedFile, PlannedSmoke, size};
pub use self::plain::PlainProject;
pub use self::uses::Missed;

/// Names, as a sentence has them: `a, b and c`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        _ => names.concat(),
    }
}
