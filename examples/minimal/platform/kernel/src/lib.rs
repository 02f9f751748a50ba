//! What every part of the application stands on: configuration, errors, the database, HTTP middleware, background jobs,
//! health checks, and [`Module`], the contract between the application and its features.

mod access;
mod clock;
pub mod config;
mod connections;
pub mod database;
pub mod error;
pub mod health;
pub mod http;
pub mod jobs;
mod link;
pub mod logging;
mod module;
pub mod observe;
mod parts;
mod program;
mod server;
mod service;
mod state;

pub use access::{Access, Policy, SignIn, Time, Visitor};
pub use clock::Clock;
pub use config::Config;
pub use database::Db;
pub use error::{Error, Problem, Result, ResultExt};
pub use jobs::Job;
pub use link::{Link, Place};
pub use logging::print;
pub use module::{
    Admits, Advice, Area, Background, BoxFuture, Command, Csp, Csrf, Describe, ErrorPage, Event, Inspect, Layer,
    Module, Observer, On, Routes, Seed, Stage, Trace, TrustsPeer,
};
pub use program::Program;
pub use server::{Application, MountedRoute, openapi};
pub use service::{listen, notify, stop_on_signal};
pub use state::AppState;

/// The name that people see, on pages and in the API document. Edit `name.txt` beside this crate's manifest to change
/// it.
pub const APP_NAME: &str = include_str!("../name.txt").trim_ascii();

/// What the application does, in one sentence: the `description` in the workspace's `Cargo.toml`.
pub const APP_DESCRIPTION: &str = env!("CARGO_PKG_DESCRIPTION");
