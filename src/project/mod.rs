//! Effects on disk: reading a template, writing a project, its repository and its `.env`, cloning a template.
//!
//! A new project is staged beside its target and renamed into place, so that nobody ever sees half of one:
//!
//! ```text
//! read_tree ──> (render) ──> Staged::write ──> init_and_commit, dotenv::write in the staged folder ──> Staged::commit
//! ```

pub mod cache;
pub mod cargo;
pub mod clone;
pub mod dotenv;
pub mod git;
pub mod mirror;
mod objects;
mod pack;
mod parallel;
mod placed;
pub mod plain;
pub mod read;
mod source;
pub mod stage;
mod stat;
pub mod target;
pub mod workspace;
mod write_error;

pub use clone::Checkout;
pub use git::{Committed, enclosing_repository, init_and_commit};
pub use objects::{Found, read_commit};
pub use placed::{Origin, Placed, placed};
pub use read::read_tree;
pub use source::{SourceError, TemplateSource, without_secrets};
pub use stage::Staged;
pub use target::check_target;
pub use workspace::{Application, Ready, Tracked, Workspace, WorkspaceError, find_project, lines_merge};
pub use write_error::WriteError;

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
