//! The last word about a merged `Cargo.lock`, which is cargo's where the project asks for more than the template knows.

use std::path::Path;

use crate::plan::ChangePlan;
use crate::project::cargo::{CargoError, Manifests};
use crate::tree::FileTree;

/// Lets cargo settle the lock file offline, in a folder of its own: what is planned is what will be applied.
pub(super) fn settle(plan: &mut ChangePlan, project: &Path) {
    if let Some(files) = plan.open_lock() {
        plan.close_lock(ask(&files, project).map_err(|error| error.reason()));
    }
}

fn ask(files: &FileTree, project: &Path) -> Result<String, CargoError> {
    let manifests = Manifests::write(files, project)?;
    // Of the packages that the lock file has, only those of the project itself are looked at again.
    manifests.run(&["update", "--workspace", "--offline", "--quiet"])?;
    manifests.lock()
}
