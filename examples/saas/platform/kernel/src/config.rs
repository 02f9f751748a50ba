//! The configuration, read from the environment once, at start.
//!
//! All mistakes are reported together, so that a wrong deployment is mended in one go. In development, variables also
//! come from a `.env` file; those of the real environment win.

use std::{
    collections::HashMap,
    fmt::{self, Display},
    net::IpAddr,
    num::NonZeroU16,
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, anyhow};
use axum::http::Extensions;
use tracing::Level;
use tracing_subscriber::filter::Targets;

use crate::{Module, database::backend};

#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub host: IpAddr,
    pub port: u16,
    pub database_url: Secret<backend::Url>,
    pub database_connections: u32,
    pub slow_query: Duration,
    pub request_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub worker_concurrency: usize,
    pub worker_heartbeat: Duration,
    /// Which log lines are written: a level, or directives such as `info,kernel=debug`.
    pub log: Targets,
    settings: Extensions,
}

/// The variables of one module, which asks for them with [`Module::settings`].
pub trait Settings: Clone + Send + Sync + 'static {
    /// Reads the variables. What is wrong with them is noted by the reader; nothing is returned when a value that has no
    /// default could not be read.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

impl Config {
    /// Reads the environment of this process and, in development, the nearest `.env` file.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or malformed, and what it expects.
    pub fn load(modules: &[Module]) -> anyhow::Result<Self> {
        Ok(Self::from_variables(&variables()?, modules)?)
    }

    /// Reads the configuration from a map, without touching the process.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or malformed, and what it expects.
    pub fn from_variables(variables: &HashMap<String, String>, modules: &[Module]) -> Result<Self, ConfigError> {
        let mut reader = Reader { variables, environment: Environment::Development, mistakes: Vec::new() };
        let environment = reader.read("APP_ENV", "`development` or `production`", Environment::Development);
        reader.environment = environment;
        let host = reader.read("HOST", "an IP address such as 127.0.0.1", IpAddr::from([127, 0, 0, 1]));
        let port = reader.read("PORT", "a number from 0 to 65535", 3000);
        let database_url = reader.required("DATABASE_URL", backend::URL_SHAPE);
        reader.refuse_in_production("DATABASE_URL", backend::DEVELOPMENT_ONLY);
        let connections = reader.positive("DATABASE_CONNECTIONS", backend::CONNECTIONS);
        let slow_query = reader.positive("SLOW_QUERY_MILLISECONDS", 250);
        let request_seconds = reader.positive("REQUEST_TIMEOUT_SECONDS", 15);
        let shutdown_seconds = reader.positive("SHUTDOWN_SECONDS", 20);
        let concurrency = reader.positive("WORKER_CONCURRENCY", 4);
        let heartbeat_seconds = reader.positive("WORKER_HEARTBEAT_SECONDS", 5);
        let log = reader.read("LOG", "a level such as `info`", Targets::new().with_default(Level::INFO));

        let mut settings = Extensions::new();
        for read in modules.iter().flat_map(|module| &module.settings) {
            read(&mut reader, &mut settings);
        }

        match database_url {
            Some(database_url) if reader.mistakes.is_empty() => Ok(Self {
                environment,
                host,
                port,
                database_url,
                database_connections: connections.into(),
                slow_query: Duration::from_millis(slow_query.into()),
                request_timeout: Duration::from_secs(request_seconds.into()),
                shutdown_timeout: Duration::from_secs(shutdown_seconds.into()),
                worker_concurrency: concurrency.into(),
                worker_heartbeat: Duration::from_secs(heartbeat_seconds.into()),
                log,
                settings,
            }),
            _ => Err(ConfigError { mistakes: reader.mistakes }),
        }
    }

    /// The settings of a module.
    ///
    /// # Panics
    ///
    /// When no module has asked for them with [`Module::settings`].
    #[must_use]
    pub fn settings<S: Settings>(&self) -> &S {
        self.settings.get().expect("a module has asked for these settings")
    }
}

/// The environment of this process and, in development, what the nearest `.env` file adds to it.
///
/// # Errors
///
/// Fails when there is a `.env` file that cannot be read.
pub fn variables() -> anyhow::Result<HashMap<String, String>> {
    let mut variables: HashMap<String, String> = std::env::vars().collect();
    if variables.get("APP_ENV").is_none_or(|value| value == "development") {
        add_dotenv(&mut variables).context("the .env file cannot be read")?;
    }
    Ok(variables)
}

fn add_dotenv(variables: &mut HashMap<String, String>) -> anyhow::Result<()> {
    let entries = match dotenvy::dotenv_iter() {
        Err(error) if error.not_found() => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let (key, value) = entry.map_err(|error| match error {
            // The rest of the line may be a secret.
            dotenvy::Error::LineParse(line, _) => {
                anyhow!("the line of {} is malformed", line.split_once('=').map_or("a variable", |(key, _)| key))
            }
            error => error.into(),
        })?;
        variables.entry(key).or_insert(value);
    }
    Ok(())
}

/// Reads variables, and notes every mistake in them.
#[derive(Debug)]
pub struct Reader<'a> {
    variables: &'a HashMap<String, String>,
    environment: Environment,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    /// A value with a default, for variables that may be left out.
    pub fn read<T: FromStr>(&mut self, key: &str, expects: &str, default: T) -> T {
        let Some(value) = self.variables.get(key) else { return default };
        value.parse().unwrap_or_else(|_| {
            self.mistakes.push(format!("{key} is {value:?}: it expects {expects}"));
            default
        })
    }

    /// A number from 1 to 65535.
    pub fn positive(&mut self, key: &str, default: u16) -> u16 {
        let default = NonZeroU16::new(default).unwrap_or(NonZeroU16::MIN);
        self.read(key, "a number from 1 to 65535", default).get()
    }

    /// A secret that has no default.
    pub fn required<T: FromStr>(&mut self, key: &str, expects: &str) -> Option<Secret<T>> {
        let value = self.variables.get(key);
        let secret = value.and_then(|value| value.parse().ok());
        if secret.is_none() {
            // The value is a secret: say what is wrong with it without showing it.
            let other = |it: &str| ["sqlite", "postgres"].iter().any(|db| it.starts_with(db) && !expects.contains(db));
            let wrong = match value {
                None => "missing",
                Some(value) if other(value) => "the URL of another database",
                Some(_) => "malformed",
            };
            self.mistakes.push(format!("{key} is {wrong}: it expects {expects}"));
        }
        secret.map(Secret)
    }

    /// Refuses a value that everybody knows from `.env.example` or the docs, or that would lose data: one that contains
    /// `text`, in production.
    pub fn refuse_in_production(&mut self, key: &str, text: &str) {
        let refused = |value: &String| self.environment == Environment::Production && value.contains(text);
        if self.variables.get(key).is_some_and(refused) {
            self.mistakes.push(format!("{key} has a value for development: production needs its own"));
        }
    }
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        match value {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err(()),
        }
    }
}

/// A value that never shows up in logs: its `Debug` output is a placeholder.
#[derive(Clone)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// The value itself; keep the places that call this few.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

/// Everything that is wrong with the environment.
#[derive(Debug)]
pub struct ConfigError {
    mistakes: Vec<String>,
}

impl Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = "Set these variables in the environment; in development, `cp .env.example .env` gives them all.";
        write!(formatter, "the configuration is not usable:\n  {}\n{advice}", self.mistakes.join("\n  "))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::from_variables(&variables, &[])
    }

    #[test]
    fn reports_every_mistake_at_once() {
        let error =
            read(&[("APP_ENV", "staging"), ("PORT", "http"), ("WORKER_CONCURRENCY", "0"), ("LOG", "kernel=loud")])
                .unwrap_err()
                .to_string();
        for expected in [
            "APP_ENV is \"staging\": it expects `development` or `production`",
            "PORT is \"http\": it expects a number from 0 to 65535",
            "WORKER_CONCURRENCY is \"0\": it expects a number from 1 to 65535",
            "LOG is \"kernel=loud\"",
            "DATABASE_URL is missing",
            "cp .env.example .env",
        ] {
            assert!(error.contains(expected), "no {expected:?} in {error}");
        }
    }

    #[test]
    fn needs_nothing_but_the_database() {
        let config = read(&[("DATABASE_URL", backend::EXAMPLE_URL)]).unwrap();
        assert_eq!(config.environment, Environment::Development);
        assert_eq!(config.port, 3000);
    }

    #[test]
    fn never_shows_secrets() {
        let config = read(&[("DATABASE_URL", backend::EXAMPLE_URL)]).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("[hidden]") && !shown.contains(backend::EXAMPLE_URL));

        let error = read(&[("DATABASE_URL", "mysql://me:s3cret@db")]).unwrap_err();
        assert!(error.to_string().contains("DATABASE_URL is malformed"));
        assert!(!error.to_string().contains("s3cret"));
    }

    #[test]
    fn refuses_values_for_development_in_production() {
        let url = format!("{}{}", backend::EXAMPLE_URL, backend::DEVELOPMENT_ONLY);
        let mistakes = |environment| read(&[("APP_ENV", environment), ("DATABASE_URL", &url)]).err();
        assert!(mistakes("development").is_none());
        let error = mistakes("production").unwrap().to_string();
        assert!(error.contains("DATABASE_URL has a value for development") && !error.contains(&url), "{error}");
    }

    #[test]
    fn modules_bring_variables_of_their_own() {
        #[derive(Clone)]
        struct Limits(u16);

        impl Settings for Limits {
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                Some(Self(reader.positive("REQUESTS_PER_MINUTE", 60)))
            }
        }

        let modules = [Module::new("limits").settings::<Limits>()];
        let read = |limit: &str| {
            let variables = [("DATABASE_URL", backend::EXAMPLE_URL), ("REQUESTS_PER_MINUTE", limit)];
            let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
            Config::from_variables(&variables.into(), &modules)
        };
        assert_eq!(read("5").unwrap().settings::<Limits>().0, 5);
        assert!(read("none").unwrap_err().to_string().contains("REQUESTS_PER_MINUTE is \"none\""));
    }
}
