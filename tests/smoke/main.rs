//! The smoke test, on projects that are shell scripts and on an app that is this binary once more.
#![cfg(target_os = "linux")]

mod apps;
mod fixture;
mod harness;
mod orphans;
mod steps;
