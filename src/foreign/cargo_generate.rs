//! Templates of [cargo-generate](https://cargo-generate.github.io/cargo-generate/), rendered by its own library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_generate::{GenerateArgs, TemplatePath, Vcs};

/// What to make.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The folder of the template.
    pub template: &'a Path,
    /// The project's name.
    pub name: &'a str,
    /// Values of the template's placeholders.
    pub values: &'a BTreeMap<String, String>,
    /// Whether the template's hooks may run commands of the system.
    pub trust: bool,
    /// Whether placeholders without a value are asked for in the terminal; otherwise they have their defaults.
    pub ask: bool,
}

/// A template that cargo-generate does not render.
#[derive(Debug, thiserror::Error)]
#[error("cargo-generate failed: {0}; values for its placeholders are given with `--set key=value`")]
pub struct ForeignError(String);

/// Renders a template into a new folder in `scratch`, and gives that folder.
///
/// # Errors
/// What cargo-generate says.
pub fn generate(request: &Request<'_>, scratch: &Path) -> Result<PathBuf, ForeignError> {
    let fail = |error: anyhow::Error| ForeignError(format!("{error:#}"));
    // The user's favourites and defaults for cargo-generate are not meant for us.
    let config = scratch.join("config.toml");
    std::fs::write(&config, "")
        .map_err(|error| ForeignError(format!("failed to write {}: {error}", config.display())))?;
    let into = scratch.join("rendered");
    std::fs::create_dir(&into).map_err(|error| ForeignError(format!("failed to make {}: {error}", into.display())))?;
    let args = GenerateArgs {
        template_path: TemplatePath { path: Some(request.template.display().to_string()), ..TemplatePath::default() },
        name: Some(request.name.to_owned()),
        define: request.values.iter().map(|(key, value)| format!("{key}={value}")).collect(),
        destination: Some(into),
        config: Some(config),
        vcs: Some(Vcs::None),
        silent: !request.ask,
        quiet: true,
        no_workspace: true,
        no_fmt: true,
        allow_commands: request.trust,
        ..GenerateArgs::default()
    };
    cargo_generate::generate(args).map_err(fail)
}
