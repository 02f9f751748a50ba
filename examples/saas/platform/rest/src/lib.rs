//! What an API does besides its handlers: extractors that name the field they refuse, entity tags and conditional
//! requests (RFC 9110), and a description of all that its operations have in common.

mod condition;
mod description;
mod errors;
mod etag;
mod extract;
mod revalidation;
mod strict;
mod text;

use kernel::{Describe, Module, Stage};

pub use condition::{IfMatch, changed};
pub use errors::{Errors, Refuses};
pub use etag::ETag;
pub use extract::{Json, Path, Query};
pub use text::Text;

/// Answers `If-None-Match` everywhere, and completes the API document.
pub fn module() -> Module {
    Module::new("rest").layer(Stage::Content, revalidation::layer).add(Describe(description::complete))
}
