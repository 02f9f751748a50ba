//! The variables of this module.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use anyhow::{Context, bail, ensure};
use axum::http::Uri;
use kernel::config::{Environment, Reader, Settings};
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;

const DEVELOPMENT_FROM: &str = "no-reply@localhost";

#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who sends; nobody in development, where mail stays in the mailbox.
    pub server: Option<Server>,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub authority: Option<PathBuf>,
    pub timeout: Duration,
    pub keep: Duration,
}

impl Settings for MailSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let expects = "the address of a mail server, such as `smtps://user:password@smtp.example.com:465` or \
             `smtp://user:password@smtp.example.com:587?starttls=required`; without encryption on this machine only, \
             and in development";
        let server = if reader.environment() == Environment::Production {
            reader.secret::<Guarded>("SMTP_URL", expects).map(|guarded| guarded.expose().0.clone())
        } else {
            reader.optional::<Server>("SMTP_URL", expects).map(|server| server.expose().clone())
        };
        let default = DEVELOPMENT_FROM.parse().ok()?;
        let from = reader.read("MAIL_FROM", "an address such as `Shop <no-reply@example.com>`", default);
        let Optional(reply_to) = reader.read("MAIL_REPLY_TO", "an address", Optional(None));
        let Optional(authority) = reader.read("SMTP_CA_FILE", "the path of a PEM file", Optional(None));
        let timeout = reader.seconds("SMTP_TIMEOUT_SECONDS", 30);
        let keep = Duration::from_hours(24) * u32::from(reader.positive("MAIL_KEEP_DAYS", 90));
        Some(Self { server, from, reply_to, authority, timeout, keep })
    }
}

impl MailSettings {
    /// Whether nobody has said whom mail is from.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.from.email.domain() == "localhost"
    }
}

/// A value that may be left out, or be empty.
struct Optional<T>(Option<T>);

impl<T: FromStr> FromStr for Optional<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Optional<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |value| value.fmt(formatter))
    }
}

/// How the connection to the server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte on: `smtps://`.
    Implicit,
    /// From `STARTTLS` on, or there is no mail: `?starttls=required`.
    StartTls,
    None,
}

/// The server that sends mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<(String, String)>,
}

impl Server {
    fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Without the credentials.
impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{} ({:?})", self.host, self.port, self.encryption)
    }
}

impl FromStr for Server {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let uri: Uri = url.parse()?;
        let authority = uri.authority().context("no host")?.as_str();
        let encryption = match (uri.scheme_str(), uri.query()) {
            (Some("smtps"), None) => Encryption::Implicit,
            (Some("smtp"), Some("starttls=required")) => Encryption::StartTls,
            (Some("smtp"), None) => Encryption::None,
            _ => bail!("neither smtp nor smtps, or with unknown settings"),
        };
        ensure!(matches!(uri.path(), "" | "/"), "more than a server");
        let decode = |text: &str| anyhow::Ok(percent_decode_str(text).decode_utf8()?.into_owned());
        let credentials = match authority.rsplit_once('@') {
            Some((user, _)) => {
                let (user, password) = user.split_once(':').context("no password")?;
                Some((decode(user)?, decode(password)?))
            }
            None => None,
        };
        let usual = match encryption {
            Encryption::Implicit => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        };
        let host = uri.host().filter(|host| !host.is_empty()).context("no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(usual), encryption, credentials })
    }
}

/// A server to which mail goes encrypted, unless it is this machine.
#[derive(Clone)]
struct Guarded(Server);

impl FromStr for Guarded {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let server: Server = url.parse()?;
        ensure!(server.encryption != Encryption::None || server.is_local(), "not encrypted");
        Ok(Self(server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_all_about_the_server() {
        let server: Server = "smtps://me%40example.com:p%3Ass@smtp.example.com".parse().unwrap();
        let credentials = Some(("me@example.com".to_owned(), "p:ss".to_owned()));
        let host = "smtp.example.com".to_owned();
        assert_eq!(server, Server { host, port: 465, encryption: Encryption::Implicit, credentials });
        let server: Server = "smtp://[::1]:1025".parse().unwrap();
        assert_eq!((&*server.host, server.port, server.encryption), ("::1", 1025, Encryption::None));
        let server: Server = "smtp://smtp.example.com?starttls=required".parse().unwrap();
        assert_eq!((server.port, server.encryption), (587, Encryption::StartTls));
    }

    #[test]
    fn what_would_be_sent_in_the_clear_is_refused_in_production() {
        for refused in ["smtp://smtp.example.com", "smtp://user:pass@10.0.0.1:25", "smtp://127.0.0.1.example.com"] {
            assert!(refused.parse::<Guarded>().is_err() && refused.parse::<Server>().is_ok(), "{refused}");
        }
        for accepted in
            ["smtp://127.0.0.1:1025", "smtp://localhost", "smtps://a.example", "smtp://a.example?starttls=required"]
        {
            assert!(accepted.parse::<Guarded>().is_ok(), "{accepted}");
        }
        for wrong in [
            "http://a.example",
            "smtp://",
            "smtps://a.example?starttls=never",
            "smtp://a.example/inbox",
            "smtp://user@a.example",
        ] {
            assert!(wrong.parse::<Server>().is_err(), "{wrong}");
        }
    }
}
