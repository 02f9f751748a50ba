//! The last word about a merged `Cargo.lock`, which is cargo's where the project asks for more than the template knows.

use std::fs;
use std::path::Path;

use crate::lock::PATH;
use crate::plan::ChangePlan;
use crate::project::Workspace;
use crate::project::cargo::{CargoError, Manifests};
use crate::tree::{FileTree, TreePath};

/// Settings of cargo that lead to other packages than those of the registry.
const ELSEWHERE: [&str; 3] = ["patch", "paths", "source"];

/// Lets cargo settle the lock file offline, in a folder of its own: what is planned is what will be applied.
pub(super) fn settle(plan: &mut ChangePlan, workspace: &Workspace) {
    let project = workspace.root();
    let settings = elsewhere(&project, workspace.repository_folder().unwrap_or(&project));
    if !settings.is_empty() {
        plan.doubt_lock(&settings);
    }
    let Some(mut files) = plan.open_lock() else { return };
    let mut settled = ask(&files, &project);
    // The versions that the template was tested with may be none that this project can have: those that it has, it can.
    if settled.is_err()
        && let (Some(ours), Ok(path)) = (plan.our_lock(), TreePath::parse(PATH))
    {
        files.insert(path, ours.clone());
        settled = ask(&files, &project).or(settled);
    }
    plan.close_lock(settled.map_err(|error| error.reason()));
}

/// Cargo's settings for the project that lead elsewhere: in its folder, or above it up to the top of the repository.
fn elsewhere(project: &Path, top: &Path) -> Vec<toml::Table> {
    let folders = project.ancestors().take_while(|folder| folder.starts_with(top));
    let files = folders.flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(".cargo").join(name)));
    let tables = files.filter_map(|path| fs::read_to_string(path).ok()?.parse::<toml::Table>().ok());
    tables.filter(|table| ELSEWHERE.iter().any(|key| table.contains_key(*key))).collect()
}

fn ask(files: &FileTree, project: &Path) -> Result<String, CargoError> {
    let manifests = Manifests::write(files, project)?;
    // Of the packages that the lock file has, only those of the project itself are looked at again.
    manifests.run(&["update", "--workspace", "--offline", "--quiet"])?;
    manifests.lock()
}
