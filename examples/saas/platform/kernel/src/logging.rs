//! Logs on standard error: easy to read in development, one JSON object a line in production.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, ErrorKind, IsTerminal, Write},
    panic,
};

use tracing::field;
use tracing_subscriber::{Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Config, Module, Trace, config::Environment, parts::Parts};

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Sends what the application traces to standard error, and to the modules that ask for it, for the rest of the process's
/// life. Panics are lines like all others, with the spans that they happen in.
pub fn init(config: &Config, modules: &[Module]) {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = fmt::layer().with_ansi(colours).with_writer(io::stderr);
    let lines: Box<dyn Layer<_> + Send + Sync> = match config.environment {
        Environment::Development => lines.compact().boxed(),
        Environment::Production => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![lines];
    layers.extend(Parts::of(modules).all().iter().filter_map(|Trace(layer)| layer(config)));
    tracing_subscriber::registry().with(layers).with(config.log.clone()).init();
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

/// Prints the answer of a command. Nobody need read it to its end: `| head` is no fault.
///
/// # Errors
///
/// Fails when it cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
