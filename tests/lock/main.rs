//! The `Cargo.lock` that a project gets, beside what cargo itself finds. The crates stand in a folder, so that no network is needed.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod place;
mod template;
