//! What an API does besides its handlers: extractors that name the field they refuse, entity tags and conditional
//! requests (RFC 9110), and a description of all that its operations have in common.

mod condition;
mod description;
mod etag;
mod extract;
mod revalidation;

use kernel::Module;

pub use condition::{IfMatch, changed};
pub use etag::ETag;
pub use extract::{Json, Path, Query};

/// Answers `If-None-Match` everywhere, and completes the API document.
pub fn module() -> Module {
    Module::new("rest").layer(revalidation::layer).describe(description::complete)
}
