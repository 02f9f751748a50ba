//! Where `neoforge template test` makes and proves one project after the other.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::answers::record::Record;
use crate::cli::TemplateTest;
use crate::commands::new::dotenv_entry;
use crate::commands::source::Opened;
use crate::commands::{scratch_folder, smoke};
use crate::gather::{Defaults, gather};
use crate::interrupt::Interrupt;
use crate::matrix::{Combination, PROJECT};
use crate::plan::{GitPlan, NewProject};
use crate::project::mirror::mirror;
use crate::project::read::read_part;
use crate::project::{cache, dotenv};
use crate::smoke::{Observer, Report};
use crate::template::manifest::SmokeLevel;
use crate::tree::FileTree;

/// What cargo reads as where to build.
const TARGET_DIR: &str = "CARGO_TARGET_DIR";

/// A folder that each project is rendered into in its turn, and a target directory that outlives it.
pub(super) struct Workshop {
    scratch: TempDir,
    target: PathBuf,
    keep: Option<PathBuf>,
}

impl Workshop {
    pub(super) fn open(args: &TemplateTest) -> Result<Self> {
        const GONE: &str = "the current folder is not there any more; go to another one";
        let named = || std::env::var_os(TARGET_DIR).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cached = || cache::folder().map(|folder| folder.join("target"));
        let target = args.target_dir.clone().or_else(named).or_else(cached);
        let target = target.context("there is no home to build in; name a folder with --target-dir")?;
        let keep = args.keep.as_ref().map(absolute).transpose().context(GONE)?;
        let scratch = match &keep {
            None => scratch_folder()?,
            // What is to be kept is renamed, which works on one file system only.
            Some(keep) => fs::create_dir_all(keep)
                .and_then(|()| tempfile::Builder::new().prefix(".neoforge-").tempdir_in(keep))
                .with_context(|| format!("failed to make a folder in {}", keep.display()))?,
        };
        Ok(Self { scratch, target: absolute(target).context(GONE)?, keep })
    }

    /// Renders a combination, and runs its full smoke test.
    pub(super) fn prove(
        &self,
        opened: &Opened,
        combination: &Combination,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Report> {
        let gathered = gather(&opened.template, &combination.given(), &mut Defaults)?;
        let record = Record { template: opened.id.clone(), answers: gathered.answers.clone() };
        let folder = self.scratch.path().join(PROJECT);
        let plan = NewProject::new(&opened.template, record, &gathered, folder, GitPlan::Off)?;
        write(&plan)?;
        let mut proof = smoke::proof(opened, &plan.record, &plan.target, SmokeLevel::Full)?;
        proof.env.insert(TARGET_DIR.to_owned(), self.target.display().to_string());
        // The logs of the project before would be kept with this one.
        remove(&plan.target.join(&proof.log_dir))?;
        let mut report = crate::smoke::run(&proof, observer, interrupt)?;
        if !report.passed {
            self.put_aside(&plan.target, combination, &mut report)?;
        }
        Ok(report)
    }

    /// Keeps a project that failed where somebody wants it, and tells where its logs stand then.
    fn put_aside(&self, folder: &Path, combination: &Combination, report: &mut Report) -> Result<()> {
        let kept = self.keep.as_ref().map(|keep| keep.join(combination.name.replace('/', "-")));
        if let Some(kept) = &kept {
            remove(kept)?;
            fs::rename(folder, kept).with_context(|| format!("failed to keep the project in {}", kept.display()))?;
        }
        for step in &mut report.steps {
            let log = step.log.take();
            step.log = log.and_then(|log| Some(kept.as_ref()?.join(log.strip_prefix(folder).ok()?)));
        }
        Ok(())
    }
}

/// Writes a project over the one before. What is the same in both keeps its age, so that cargo does not build it again.
fn write(plan: &NewProject) -> Result<()> {
    let folder = &plan.target;
    let stands = read_part(folder, |name| name != "target");
    // There is none yet, or the tests of the project before have left in it what no tree can hold.
    let stands = stands.or_else(|_| remove(folder).map(|()| FileTree::new()))?;
    mirror(&stands, &plan.tree, folder)?;
    if !plan.environment.is_empty() {
        let entries: Vec<_> = plan.environment.iter().map(dotenv_entry).collect();
        dotenv::write(&folder.join(".env"), &entries)?;
    }
    Ok(())
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    Ok(())
}
