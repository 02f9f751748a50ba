//! Templates of other tools. What they make is a plain project: they have no features that could be added or removed later,
//! so it gets no record.

mod cargo_generate;

use std::path::Path;

pub use self::cargo_generate::{ForeignError, Request, generate};

/// Whether a folder is a template of cargo-generate, which marks it with a `cargo-generate.toml`.
#[must_use]
pub fn is_cargo_generate(folder: &Path) -> bool {
    folder.join("cargo-generate.toml").is_file()
}
