//! What every part of the application stands on: configuration, errors, the database, HTTP middleware, background jobs,
//! health checks, and [`Module`], the contract between the application and its features.

mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod health;
pub mod http;
pub mod jobs;
pub mod logging;
mod module;
mod server;
mod state;

pub use clock::Clock;
pub use config::Config;
pub use database::Db;
pub use error::{Error, Problem, Result};
pub use jobs::Job;
pub use module::{Area, Background, Csrf, ErrorPage, Layer, Link, Module};
pub use server::{Application, openapi, stop_on_signal};
pub use state::AppState;

/// The name that people see, on pages and in the API document. Edit `name.txt` beside this crate's manifest to change
/// it.
pub const APP_NAME: &str = include_str!("../name.txt").trim_ascii();

/// What the application does, in one sentence: the `description` in the workspace's `Cargo.toml`.
pub const APP_DESCRIPTION: &str = env!("CARGO_PKG_DESCRIPTION");
