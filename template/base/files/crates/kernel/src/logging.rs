//! Logs on standard error: easy to read in development, one JSON object a line in production.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io, panic,
    str::FromStr,
};

use tracing::field;
use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::{Config, config::Environment};

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Which lines are written: a level, or directives such as `info,kernel=debug`.
#[derive(Clone, Debug)]
pub struct LogFilter(String);

impl FromStr for LogFilter {
    type Err = ParseError;

    fn from_str(directives: &str) -> Result<Self, Self::Err> {
        EnvFilter::try_new(directives).map(|_| Self(directives.to_owned()))
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

/// Sends what the application traces to standard error, for the rest of the process's life. Panics are lines like all
/// others, with the spans that they happen in.
pub fn init(config: &Config) {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(&config.log.0)).with_writer(io::stderr);
    match config.environment {
        Environment::Development => builder.compact().init(),
        Environment::Production => builder.json().flatten_event(true).init(),
    }
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let captured = backtrace.status() == BacktraceStatus::Captured;
        tracing::error!(backtrace = captured.then(|| field::display(&backtrace)), "{panic}");
    }));
}

/// The id of the request that is being handled, also by the jobs that it left behind.
#[must_use]
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Runs work on behalf of a request: all of it sees the id with [`current_request_id`].
pub async fn with_request_id<F: Future>(id: String, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}
