//! The configuration, read from the environment once, at start.
//!
//! All mistakes are reported together, so that a wrong deployment is put right in one go. In development, variables also
//! come from a `.env` file; those of the real environment win.

use std::{
    collections::{HashMap, HashSet},
    fmt::{self, Display},
    iter,
    net::IpAddr,
    num::NonZeroU16,
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use axum::http::{Extensions, Uri, uri::Authority};
use tracing::Level;
use tracing_subscriber::filter::Targets;

use crate::{Module, database::backend};

#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub host: IpAddr,
    pub port: u16,
    /// Where visitors find the application: what an absolute address begins with.
    pub public_url: PublicUrl,
    pub allowed_hosts: Hosts,
    pub hsts: Hsts,
    pub database_url: Secret<backend::Url>,
    pub database_connections: u32,
    pub slow_query: Duration,
    pub request_timeout: Duration,
    pub connection_limit: usize,
    pub connection_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub worker_concurrency: usize,
    pub worker_heartbeat: Duration,
    pub jobs_keep: Duration,
    /// Which log lines are written: a level, or directives such as `info,kernel=debug`.
    pub log: Targets,
    /// Every variable that was read, in the order in which it was.
    pub entries: Vec<Entry>,
    settings: Extensions,
}

/// A variable that is in force.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    /// The text that was read, a default, or a note that stands for a secret.
    pub value: Option<String>,
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Environment,
    File,
    Default,
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

/// The address of the application, without a path: `https://example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address of a path of the application.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The name or address of the machine, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        let (_, authority) = self.0.split_once("://").unwrap_or_default();
        authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(authority, |(host, _)| host)
    }
}

impl FromStr for PublicUrl {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let uri: Uri = url.parse()?;
        let authority = uri.authority().context("no host")?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        ensure!(
            is_web && uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@'),
            "more than an origin"
        );
        Ok(Self(url.trim_end_matches('/').to_owned()))
    }
}

/// Names of hosts, without ports.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Vec<String>);

impl FromStr for Hosts {
    type Err = anyhow::Error;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| {
            let host: Authority = name.parse()?;
            ensure!(host.host() == name, "more than a name");
            Ok(name.to_owned())
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

/// For whom browsers remember to ask over HTTPS only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    Off,
    Host,
    Subdomains,
}

impl FromStr for Hsts {
    type Err = ();

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        match value {
            "off" => Ok(Self::Off),
            "host" => Ok(Self::Host),
            "subdomains" => Ok(Self::Subdomains),
            _ => Err(()),
        }
    }
}

/// What is logged: `Targets`, in which a word that is no level would silently name a target and mute the rest.
struct Log(Targets);

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, formatter)
    }
}

impl FromStr for Log {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for word in text.split(',').filter(|word| !word.contains('=')) {
            word.trim().parse::<tracing_subscriber::filter::LevelFilter>()?;
        }
        Ok(Self(text.parse()?))
    }
}

/// The variables of a process, and which of them are from a file.
#[derive(Debug, Default)]
pub struct Variables {
    values: HashMap<String, String>,
    from_file: HashSet<String>,
}

impl Variables {
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

impl Config {
    /// Reads the environment of this process and, in development, the nearest `.env` file.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or malformed, and what it expects.
    pub fn load(modules: &[Module]) -> anyhow::Result<Self> {
        Ok(Self::read(&variables()?, modules)?)
    }

    /// Reads the configuration from a map, without touching the process.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or malformed, and what it expects.
    pub fn from_variables(variables: &HashMap<String, String>, modules: &[Module]) -> Result<Self, ConfigError> {
        Self::read(&Variables { values: variables.clone(), ..Variables::default() }, modules)
    }

    fn read(variables: &Variables, modules: &[Module]) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            variables,
            environment: Environment::Development,
            module: "kernel",
            owners: HashMap::new(),
            entries: Vec::new(),
            mistakes: Vec::new(),
        };
        let environment = reader.read("APP_ENV", "`development` or `production`", Environment::Development);
        reader.environment = environment;
        let host = reader.read("HOST", "an IP address such as 127.0.0.1", IpAddr::from([127, 0, 0, 1]));
        let port = reader.read("PORT", "a number from 0 to 65535", 3000);
        let public_url = reader.url("PUBLIC_URL", &format!("http://127.0.0.1:{port}"));
        let allowed_hosts = reader.read("ALLOWED_HOSTS", "names such as `www.example.com`", Hosts::default());
        let hsts = reader.read("HSTS", "`off`, `host` or `subdomains`", Hsts::Host);
        let database_url = reader.secret("DATABASE_URL", backend::URL_SHAPE);
        reader.refuse_in_production("DATABASE_URL", backend::DEVELOPMENT_ONLY);
        let connections = reader.positive("DATABASE_CONNECTIONS", backend::CONNECTIONS);
        let slow_query = reader.positive("SLOW_QUERY_MILLISECONDS", 250);
        let request_timeout = reader.seconds("REQUEST_TIMEOUT_SECONDS", 15);
        let connection_limit = reader.positive("CONNECTION_LIMIT", 512);
        let connection_timeout = reader.seconds("CONNECTION_TIMEOUT_SECONDS", 15);
        let shutdown_timeout = reader.seconds("SHUTDOWN_SECONDS", 20);
        let concurrency = reader.positive("WORKER_CONCURRENCY", 4);
        let least = backend::least_connections(concurrency);
        if connections < least {
            reader.mistakes.push(format!(
                "DATABASE_CONNECTIONS is {connections}: with a WORKER_CONCURRENCY of {concurrency} it must be at least {least}"
            ));
        }
        let worker_heartbeat = reader.seconds("WORKER_HEARTBEAT_SECONDS", 5);
        let jobs_keep = Duration::from_hours(24) * u32::from(reader.positive("JOBS_KEEP_DAYS", 7));
        let everything = || Log(Targets::new().with_default(Level::INFO));
        let Log(log) = reader.read("LOG", "a level such as `info`, or `info,kernel=debug`", everything());

        let mut settings = Extensions::new();
        for module in modules {
            reader.module = module.name;
            module.settings.iter().for_each(|read| read(&mut reader, &mut settings));
        }

        match (database_url, public_url) {
            (Some(database_url), Some(public_url)) if reader.mistakes.is_empty() => Ok(Self {
                environment,
                host,
                port,
                public_url,
                allowed_hosts,
                hsts,
                database_url,
                database_connections: connections.into(),
                slow_query: Duration::from_millis(slow_query.into()),
                request_timeout,
                connection_limit: connection_limit.into(),
                connection_timeout,
                shutdown_timeout,
                worker_concurrency: concurrency.into(),
                worker_heartbeat,
                jobs_keep,
                log,
                entries: reader.entries,
                settings,
            }),
            _ => Err(ConfigError { mistakes: reader.mistakes }),
        }
    }

    /// Whether requests for a host are meant for this application. In development, all are. This machine has several names.
    #[must_use]
    pub fn serves(&self, host: &str) -> bool {
        let mut names = iter::once(self.public_url.host()).chain(self.allowed_hosts.0.iter().map(String::as_str));
        let is_same = |name: &str| name.eq_ignore_ascii_case(host) || is_this_machine(name) && is_this_machine(host);
        self.environment == Environment::Development || names.any(is_same)
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

    /// The settings of a module, if it is part of the application and in use.
    #[must_use]
    pub fn find_settings<S: Settings>(&self) -> Option<&S> {
        self.settings.get()
    }
}

/// The environment of this process and, in development, what the nearest `.env` file adds to it.
///
/// # Errors
///
/// Fails when there is a `.env` file that cannot be read.
pub fn variables() -> anyhow::Result<Variables> {
    let mut variables = Variables { values: std::env::vars().collect(), from_file: HashSet::new() };
    if variables.values.get("APP_ENV").is_none_or(|value| value == "development") {
        add_dotenv(&mut variables).context("the .env file cannot be read")?;
    }
    Ok(variables)
}

fn add_dotenv(variables: &mut Variables) -> anyhow::Result<()> {
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
        if !variables.values.contains_key(&key) {
            variables.from_file.insert(key.clone());
            variables.values.insert(key, value);
        }
    }
    Ok(())
}

/// Reads variables, and notes every mistake in them.
#[derive(Debug)]
pub struct Reader<'a> {
    variables: &'a Variables,
    environment: Environment,
    module: &'static str,
    /// Which module reads which variable.
    owners: HashMap<String, &'static str>,
    entries: Vec<Entry>,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// A value with a default, for variables that may be left out.
    pub fn read<T: FromStr + fmt::Debug>(&mut self, key: &str, expects: &str, default: T) -> T {
        let Some(value) = self.take(key, false) else {
            self.by_default(&default);
            return default;
        };
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

    /// A span of time: a number of seconds from 1 to 65535.
    pub fn seconds(&mut self, key: &str, default: u16) -> Duration {
        Duration::from_secs(self.positive(key, default).into())
    }

    /// The address of a site, with a default for development; in production it has to be given.
    pub fn url(&mut self, key: &str, default: &str) -> Option<PublicUrl> {
        let given = self.take(key, false);
        let wanted = self.environment == Environment::Production && given.is_none();
        let url = given.as_deref().unwrap_or(default).parse().ok().filter(|_| !wanted);
        if given.is_none() {
            self.by_default(&format_args!("{default}"));
        }
        if url.is_none() {
            let wrong = given.map_or_else(|| "missing".to_owned(), |given| format!("{given:?}"));
            self.mistakes.push(format!("{key} is {wrong}: it expects an address such as `https://example.com`"));
        }
        url
    }

    /// A secret that has no default.
    pub fn secret<T: FromStr>(&mut self, key: &str, expects: &str) -> Option<Secret<T>> {
        let value = self.take(key, true);
        let secret = value.as_deref().and_then(|value| value.parse().ok());
        if secret.is_none() {
            // The value is a secret: say what is wrong with it without showing it.
            let other = |it: &str| ["sqlite", "postgres"].iter().any(|db| it.starts_with(db) && !expects.contains(db));
            let wrong = match value.as_deref() {
                None => "missing",
                Some(value) if other(value) => "the URL of another database",
                Some(_) => "malformed",
            };
            self.mistakes.push(format!("{key} is {wrong}: it expects {expects}"));
        }
        secret.map(Secret)
    }

    /// A secret that may be left out, or be empty.
    pub fn optional<T: FromStr>(&mut self, key: &str, expects: &str) -> Option<Secret<T>> {
        if self.variables.values.get(key).is_some_and(|value| !value.is_empty()) {
            return self.secret(key, expects);
        }
        self.take(key, true);
        None
    }

    fn by_default(&mut self, value: &dyn fmt::Debug) {
        if let Some(entry) = self.entries.last_mut() {
            entry.value = Some(format!("{value:?}"));
        }
    }

    /// Finds a value, and notes that it is in force.
    fn take(&mut self, key: &str, is_secret: bool) -> Option<String> {
        let module = self.module;
        if let Some(other) = self.owners.insert(key.to_owned(), module) {
            self.mistakes.push(format!("{key} is read twice, by the modules `{other}` and `{module}`: rename one"));
        }
        let value = self.variables.values.get(key).cloned();
        let origin = match &value {
            None => Origin::Default,
            Some(_) if self.variables.from_file.contains(key) => Origin::File,
            Some(_) => Origin::Environment,
        };
        let shown = value.clone().map(|value| if is_secret { "[hidden]".to_owned() } else { value });
        self.entries.push(Entry { key: key.to_owned(), value: shown, origin });
        value
    }

    /// Refuses a value that everybody knows from `.env.example` or the docs, or that would lose data: one that contains
    /// `text`, in production.
    pub fn refuse_in_production(&mut self, key: &str, text: &str) {
        let refused = |value: &String| self.environment == Environment::Production && value.contains(text);
        if self.variables.values.get(key).is_some_and(refused) {
            self.mistakes.push(format!("{key} has a value for development: production needs its own"));
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
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
        let error = read(&[("APP_ENV", "staging"), ("PORT", "http"), ("WORKER_CONCURRENCY", "0"), ("LOG", "inof")])
            .unwrap_err()
            .to_string();
        for expected in [
            "APP_ENV is \"staging\": it expects `development` or `production`",
            "PORT is \"http\": it expects a number from 0 to 65535",
            "WORKER_CONCURRENCY is \"0\": it expects a number from 1 to 65535",
            "LOG is \"inof\"",
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
