//! Whether clean merges are right: every line of either side in its place, nothing else lost, no values mixed.

mod cases;
mod changes;
#[path = "../judge/mod.rs"]
mod judge;
mod mutations;
mod property;
mod report;
