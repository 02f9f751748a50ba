//! Logs on standard error: easy to read in development, one JSON object a line in production.

use std::{io, str::FromStr};

use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::{Config, config::Environment};

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

/// Sends what the application traces to standard error, for the rest of the process's life.
pub fn init(config: &Config) {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(&config.log.0)).with_writer(io::stderr);
    match config.environment {
        Environment::Development => builder.compact().init(),
        Environment::Production => builder.json().flatten_event(true).init(),
    }
}
