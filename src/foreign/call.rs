//! The call of cargo-generate's library, as its own program makes it but for what we do ourselves: the user's git, the
//! workspace around, and the place of the project.

use std::path::{Path, PathBuf};

use cargo_generate::{GenerateArgs, TemplatePath, Vcs};

use super::Request;

/// Renders what is asked for in the file `path`, which also holds the values, and gives the project's folder.
pub(super) fn generate(request: &Request, path: &Path) -> Result<PathBuf, String> {
    let args = GenerateArgs {
        template_path: TemplatePath {
            path: Some(request.root.display().to_string()),
            // Beside a path it names the folder in it.
            auto_path: request.subfolder.clone(),
            ..TemplatePath::default()
        },
        name: Some(request.name.clone()),
        force: request.exact_name,
        lib: request.lib,
        bin: !request.lib,
        template_values_file: Some(path.display().to_string()),
        destination: Some(request.destination.clone()),
        init: request.init,
        silent: !request.ask,
        // Hides the progress of each file in a terminal, and with it what is copied as it is.
        quiet: request.ask && !request.continue_on_error,
        continue_on_error: request.continue_on_error,
        allow_commands: request.allow_commands,
        no_fmt: !request.format,
        vcs: Some(Vcs::None),
        no_workspace: true,
        ..GenerateArgs::default()
    };
    cargo_generate::generate(args).map_err(|error| format!("{error:#}"))
}
