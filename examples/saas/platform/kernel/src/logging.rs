//! Logs on standard error: easy to read in development, one JSON object a line in production.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal},
    panic,
};

use tracing::{Level, field};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Config, config::Environment};

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Sends what the application traces to standard error, for the rest of the process's life. Panics are lines like all
/// others, with the spans that they happen in.
pub fn init(config: &Config) {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(colours).with_writer(io::stderr);
    match config.environment {
        Environment::Development => builder.compact().finish().with(config.log.clone()).init(),
        Environment::Production => {
            builder.json().flatten_event(true).with_current_span(false).finish().with(config.log.clone()).init();
        }
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
