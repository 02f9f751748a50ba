//! Templates of other tools: those of [cargo-generate](https://cargo-generate.github.io/cargo-generate/) are rendered by its
//! own library, the others are named. What is made is a plain project: it has no features that could be added or removed
//! later, so it gets no record.
//!
//! The library runs in a process of its own. It takes the user's name, its temporary folders and the right to print from its
//! process, and asks and runs hooks for as long as it likes; as a process it can be given all of that, and be ended.

#[cfg(feature = "cargo-generate-templates")]
mod call;
mod error;
mod find;
mod identity;
mod keys;
mod kind;
mod process;
mod words;
mod workspace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::error::ForeignError;
pub use self::find::{Found, find, listed};
pub use self::keys::check_keys;
pub use self::kind::{Kind, kind};
pub use self::process::{Rendered, render};
pub use self::workspace::{Membership, membership};

/// Whether this program can render templates of cargo-generate.
pub const CAN_RENDER: bool = cfg!(feature = "cargo-generate-templates");

/// The file that a template of cargo-generate is configured with, if it is.
const CONFIG: &str = "cargo-generate.toml";

/// What to make. It is handed to the other process as a file, which also is the file of values that cargo-generate reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of cargo-generate of its own")]
pub struct Request {
    /// The folder that holds the template, and above which nothing is looked for.
    pub root: PathBuf,
    /// The folder of the template in it.
    pub subfolder: Option<String>,
    /// The project's name, as it was given.
    pub name: String,
    /// Whether the name stays as it is; otherwise it becomes kebab-case.
    pub exact_name: bool,
    /// Whether `crate_type` is `lib`.
    pub lib: bool,
    /// The folder in which the project's folder is made, or for `init` the project's folder itself.
    pub destination: PathBuf,
    /// Whether the project is made directly in the destination.
    pub init: bool,
    /// Whether files that are no valid liquid are copied as they are.
    pub continue_on_error: bool,
    /// Whether the template may run commands without being asked about.
    pub allow_commands: bool,
    /// Whether Rust files are formatted, where the template does not say otherwise.
    pub format: bool,
    /// Whether placeholders without a value are asked for in the terminal; otherwise they have their defaults.
    pub ask: bool,
    /// Values of the template's placeholders.
    pub values: BTreeMap<String, String>,
}

/// Does what [`render`] asks a process of its own for. The outcome is written beside the request.
///
/// # Errors
/// Where the request cannot be read or the outcome cannot be written.
pub fn serve(request: &Path) -> Result<(), ForeignError> {
    process::serve(request)
}

/// The name that cargo-generate gives to a project and its folder.
#[must_use]
pub fn folder_name(name: &str, exact_name: bool) -> String {
    use heck::{ToKebabCase as _, ToSnakeCase as _};
    if exact_name || name.to_snake_case() == name { name.to_owned() } else { name.to_kebab_case() }
}
