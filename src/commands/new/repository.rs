//! The repository of a new project, whatever template it is made from.

use anyhow::{Result, bail};

use crate::interrupt::Interrupt;
use crate::plan::GitPlan;
use crate::project::git::{self, Committed};
use crate::project::{Staged, WriteError};
use crate::tree::FileTree;
use crate::ui::Out;

/// The file with a project's secrets.
pub(super) const DOTENV: &str = ".env";

/// What is committed first.
pub(super) struct NewRepository<'a> {
    pub(super) plan: &'a GitPlan,
    pub(super) tree: &'a FileTree,
    pub(super) message: &'a str,
}

impl NewRepository<'_> {
    /// Moves a staged project to its place, and commits it where it gets a repository: before that, so that nobody ever sees
    /// it without, unless git may take other settings where it will stand.
    pub(super) fn finish(&self, staged: Staged, out: &mut Out, interrupt: &Interrupt) -> Result<Option<Committed>> {
        let has_secrets = staged.path().join(DOTENV).exists();
        let mut committed = None;
        if *self.plan == GitPlan::Init {
            git::init(staged.path(), self.tree)?;
            if has_secrets {
                git::keep_out(staged.path(), DOTENV)?;
            }
            if !git::depends_on_folder(staged.path()) {
                committed = Some(git::commit(staged.path(), self.message)?);
            }
        }
        if interrupt.is_set() {
            bail!(WriteError::Interrupted);
        }
        let target = staged.commit()?;
        if has_secrets && let Some(changed) = git::keep_out(&target, DOTENV)? {
            out.note(format_args!("{DOTENV} holds secrets: {} keeps it out of git from now on", changed.display()));
        }
        if *self.plan == GitPlan::First {
            git::stage_all(&target)?;
        }
        if committed.is_none() && matches!(self.plan, GitPlan::Init | GitPlan::First) {
            committed = Some(git::commit(&target, self.message)?);
        }
        Ok(committed)
    }
}

/// What has become of the commit, where that is not what somebody expects.
pub(super) fn tell_git(plan: &GitPlan, committed: Option<&Committed>, out: &mut Out) {
    match (plan, committed) {
        (GitPlan::Inside(repository), _) => out.note(format_args!(
            "no git repository was made: {} is one already; commit the new folder there",
            repository.display()
        )),
        (_, Some(Committed::NoIdentity { .. })) => out.note(
            "nothing was committed: git does not know who you are; run `git config --global user.name \"…\"` and `git config \
             --global user.email \"…\"`, then `git commit`",
        ),
        (_, Some(Committed::Refused { said })) => out.note(format_args!(
            "nothing was committed: git would not have it, and says:\n{said}\neverything is staged: mend that, then `git commit`"
        )),
        (_, Some(Committed::Commit { .. }) | None) => {}
    }
}
