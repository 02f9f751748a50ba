//! One mail over SMTP, step by step, so that it is known at which step an attempt has ended.

use std::{fmt, fs, time::Duration};

use anyhow::Context;
use lettre::{
    Address, Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Quit, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use tokio::time::timeout;

use crate::settings::{Encryption, MailSettings, Server};

/// A step of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The connection, its encryption if that comes first, and the greeting.
    Connect,
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// From the first byte of the text until the answer to its end.
    Message,
}

impl Step {
    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::MailFrom => "mail-from",
            Self::RcptTo => "rcpt-to",
            Self::Data => "data",
            Self::Message => "message",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An attempt that did not end with the server's word that it has the mail.
#[derive(Debug)]
pub struct Failure {
    pub step: Step,
    pub verdict: Verdict,
    pub reply: String,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server cannot be used: the mail is not to blame, and waits.
    Ours,
    /// It may work later.
    Later,
    /// This recipient, or this mail, is refused for good.
    Refused,
    /// The server may have it, or not.
    Unknown,
}

/// The connection, ready for the text of one mail.
pub struct Ready {
    connection: AsyncSmtpConnection,
    patience: Duration,
}

impl fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ready").finish_non_exhaustive()
    }
}

/// Connects, and goes as far as the server's word that it awaits the text.
///
/// # Errors
///
/// Says at which step it ended. The server does not have the mail.
pub async fn prepare(settings: &MailSettings, server: &Server, to: &Address) -> Result<Ready, Failure> {
    let mut connection = connect(settings, server).await?;
    let limit = settings.timeout;
    let mut parameters = Vec::new();
    if !AsRef::<str>::as_ref(to).is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let reply = "the server takes no address with letters outside of ASCII".to_owned();
            return Err(Failure { step: Step::RcptTo, verdict: Verdict::Refused, reply });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let from = settings.from.email.clone();
    step(Step::MailFrom, limit, connection.command(Mail::new(Some(from), parameters))).await?;
    step(Step::RcptTo, limit, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    step(Step::Data, limit, connection.command(Data)).await?;
    Ok(Ready { connection, patience: limit * 2 })
}

impl Ready {
    /// Sends the text, and returns what the server says when it has taken it.
    ///
    /// # Errors
    ///
    /// A connection that breaks here leaves open whether the server has the mail.
    pub async fn send(mut self, message: &Message) -> Result<String, Failure> {
        let text = message.formatted();
        let sending = self.connection.message(&text);
        let response = step(Step::Message, self.patience, sending).await?;
        // It has the mail, whatever it thinks of the end of the conversation.
        timeout(Duration::from_secs(1), self.connection.command(Quit)).await.ok();
        Ok(describe_reply(&response))
    }
}

/// Connects, encrypts and signs in.
///
/// # Errors
///
/// Says at which step it ended.
pub async fn connect(settings: &MailSettings, server: &Server) -> Result<AsyncSmtpConnection, Failure> {
    let limit = settings.timeout;
    let hello = ClientId::Domain(settings.from.email.domain().to_owned());
    let tls = |step| {
        encryption(settings, server).map_err(|error| Failure {
            step,
            verdict: Verdict::Ours,
            reply: format!("{error:#}"),
        })
    };
    let implicit = if server.encryption == Encryption::Implicit { Some(tls(Step::Connect)?) } else { None };
    let address = (server.host.as_str(), server.port);
    let opening = AsyncSmtpConnection::connect_tokio1(address, Some(limit / 3), &hello, implicit, None);
    let mut connection = step(Step::Connect, limit, opening).await?;
    if server.encryption == Encryption::StartTls {
        let parameters = tls(Step::StartTls)?;
        step(Step::StartTls, limit, connection.starttls(parameters, &hello)).await?;
    }
    if let Some((user, password)) = &server.credentials {
        let credentials = Credentials::new(user.clone(), password.clone());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        step(Step::Auth, limit, connection.auth(&mechanisms, &credentials)).await?;
    }
    Ok(connection)
}

/// The certificate authorities that browsers trust, or the one that is named.
fn encryption(settings: &MailSettings, server: &Server) -> anyhow::Result<TlsParameters> {
    let builder = TlsParameters::builder(server.host.clone());
    let builder = match &settings.authority {
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
        Some(path) => {
            let pem = fs::read(path).with_context(|| format!("SMTP_CA_FILE: {} cannot be read", path.display()))?;
            let authority = Certificate::from_pem(&pem).context("SMTP_CA_FILE holds no certificate")?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
        }
    };
    Ok(builder.build_rustls()?)
}

async fn step<T>(step: Step, limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let failure = |code, reply| Failure { step, verdict: judge(step, code), reply };
    match timeout(limit, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failure(error.status().map(u16::from), describe(&error))),
        Err(_) => Err(failure(None, format!("no answer within {} s", limit.as_secs()))),
    }
}

/// What it means that a step has ended with this code, or with none because the connection broke.
const fn judge(step: Step, code: Option<u16>) -> Verdict {
    match (step, code) {
        // The codes say that the server wants a password, or encryption.
        (Step::Connect | Step::StartTls | Step::Auth | Step::MailFrom, _) | (_, Some(530 | 534 | 535 | 538)) => {
            Verdict::Ours
        }
        (_, Some(500..)) => Verdict::Refused,
        (Step::Message, None) => Verdict::Unknown,
        (Step::RcptTo | Step::Data | Step::Message, _) => Verdict::Later,
    }
}

fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        let current_text = current.to_string();
        if !text.contains(&current_text) {
            text = format!("{text}: {current_text}");
        }
        cause = current.source();
    }
    text
}

fn describe_reply(response: &Response) -> String {
    format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" "))
}

/// Whether a refusal says that there is no such mailbox, by its enhanced status code (RFC 3463).
#[must_use]
pub fn says_that_nobody_is_there(reply: &str) -> bool {
    reply.split(|it: char| !it.is_ascii_digit() && it != '.').any(|word| matches!(word, "5.1.1" | "5.1.6" | "5.1.10"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_and_the_code_tell_whose_fault_it_is() {
        for step in [Step::Connect, Step::StartTls, Step::Auth, Step::MailFrom] {
            for code in [None, Some(421), Some(550)] {
                assert_eq!(judge(step, code), Verdict::Ours, "{step} {code:?}");
            }
        }
        for step in [Step::RcptTo, Step::Data] {
            assert_eq!(judge(step, None), Verdict::Later);
            assert_eq!(judge(step, Some(450)), Verdict::Later);
            assert_eq!(judge(step, Some(550)), Verdict::Refused);
            assert_eq!(judge(step, Some(530)), Verdict::Ours);
        }
        assert_eq!(judge(Step::Message, Some(451)), Verdict::Later);
        assert_eq!(judge(Step::Message, Some(554)), Verdict::Refused);
        assert_eq!(judge(Step::Message, None), Verdict::Unknown);
    }

    #[test]
    fn some_refusals_say_that_nobody_is_there() {
        for reply in ["550 5.1.1 no such user", "permanent error (550): 5.1.10 null MX", "550 5.1.6: moved"] {
            assert!(says_that_nobody_is_there(reply), "{reply}");
        }
        for reply in ["550 5.7.1 spam", "550 no such user", "554 15.1.1 x", "450 4.1.1 x"] {
            assert!(!says_that_nobody_is_there(reply), "{reply}");
        }
    }
}
