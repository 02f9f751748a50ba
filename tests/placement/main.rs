//! Whether clean merges are right: every line of either side in its place, nothing else lost, no values mixed.

mod cases;
#[path = "../judge/mod.rs"]
mod judge;
