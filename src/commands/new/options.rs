//! What the flags of `neoforge new` mean, whatever the template is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result};

use crate::cli::{New, SmokeChoice};
use crate::gather::GatherError;
use crate::plan::{GitPlan, PlannedSmoke};
use crate::project::enclosing_repository;
use crate::project::git::is_empty_repository;
use crate::template::Template;
use crate::template::manifest::{SmokeLevel, TemplateSmoke};

/// The keys and values of `--set`.
pub(in crate::commands) fn pairs(set: &[String]) -> Result<BTreeMap<String, String>, GatherError> {
    let pair = |pair: &String| match pair.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), value.to_owned())),
        None => Err(GatherError::NotAPair(pair.clone())),
    };
    set.iter().map(pair).collect()
}

/// The project's folder, as an absolute path.
pub(super) fn target(args: &New, name: &str) -> Result<PathBuf> {
    let target = args.into.clone().unwrap_or_else(|| PathBuf::from(name));
    absolute(target)
        .context("the current folder is not there any more; go to another one, or give an absolute path to --into")
}

/// The smoke test that follows; a template may have none.
pub(super) fn planned_smoke(choice: Option<SmokeChoice>, template: &Template) -> Option<PlannedSmoke> {
    let TemplateSmoke { step, app, took } = &template.manifest.smoke;
    let level = match choice {
        _ if step.is_empty() && app.is_none() => return None,
        Some(SmokeChoice::None) => return None,
        Some(SmokeChoice::Full) => SmokeLevel::Full,
        Some(SmokeChoice::Quick) | None => SmokeLevel::Quick,
    };
    Some(PlannedSmoke { level, took: took.clone() })
}

/// What happens with git.
pub(super) fn git_plan(args: &New, target: &Path) -> GitPlan {
    if args.no_git {
        return GitPlan::Off;
    }
    if is_empty_repository(target) {
        return GitPlan::First;
    }
    match enclosing_repository(target) {
        Some(repository) => GitPlan::Inside(repository),
        None => GitPlan::Init,
    }
}
