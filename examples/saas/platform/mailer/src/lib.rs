//! What a mail is, and where it goes.
//!
//! A module declares its mails with [`ModuleExt::mail`] and sends them with [`send`]. Without a module that delivers them,
//! they become [`Drafts`] in development, and production does not start.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, ensure};
use kernel::{AppState, BoxFuture, Event, Module, config::Environment, database::Connection};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// How many [`Drafts`] are kept.
const KEPT: usize = 100;

/// A kind of mail. What the type holds is stored, and what it says is written before each attempt.
pub trait Mail: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind of mail in the database: `module.what`, unique in the application, the same for good.
    const NAME: &'static str;

    /// Why it is sent.
    const STREAM: Stream = Stream::Transactional;

    /// Whether it says what gives access, such as a link: then only its recipient may see the text.
    const SECRET: bool = false;

    /// Whether its recipient has asked for it, and shows with its link that mail arrives: see [`AddressProved`]. It is sent once a day
    /// to addresses from which mail came back, too.
    const PROVES: bool = false;

    /// The subject and the text, now.
    ///
    /// # Errors
    ///
    /// Fails when the mail cannot be written; it is tried again.
    fn write(&self, state: &AppState) -> anyhow::Result<Content>;

    /// One to look at, and to test.
    fn sample() -> Self;
}

/// Why somebody gets a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// What protects the account: it is sent whatever the recipient has refused.
    Security,
    /// What somebody has asked for by doing something.
    Transactional,
    /// What may be refused.
    Notification,
}

impl Stream {
    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Transactional => "transactional",
            Self::Notification => "notification",
        }
    }
}

/// What a mail says: the same as plain text and as HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Who gets a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub address: String,
    /// The user whose address this is, if it is somebody's.
    pub user: Option<Uuid>,
    /// While a mail with this key is there, another one is not accepted.
    pub key: Option<String>,
}

impl Recipient {
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), user: None, key: None }
    }

    #[must_use]
    pub fn user(self, user: Uuid) -> Self {
        Self { user: Some(user), ..self }
    }

    #[must_use]
    pub fn key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// A mail that was sent by a module, and not yet by anybody else.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub kind: &'static Kind,
    pub to: Recipient,
    /// The [`Mail`] as it was given.
    pub data: Value,
}

/// Somebody has shown that mail to this address arrives, by following a link. A module that learns it emits this, and one
/// that delivers sends to the address again, whatever had come back from there.
#[derive(Clone, Debug)]
pub struct AddressProved {
    pub address: String,
}

impl Event for AddressProved {}

/// Takes mails from modules.
pub trait Accept: Send + Sync {
    /// Accepts a mail in the transaction of the change that calls for it.
    fn accept<'a>(
        &'a self,
        state: &'a AppState,
        connection: &'a mut Connection,
        mail: Outgoing,
    ) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// The service that delivers: a module that does provides its own.
#[derive(Clone)]
pub struct Outbox(pub Arc<dyn Accept>);

/// A [`Mail`], with its type erased. `state.all::<&'static Kind>()` lists those of all modules.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub stream: Stream,
    pub is_secret: bool,
    pub proves: bool,
    /// Writes the stored mail.
    pub write: fn(&Value, &AppState) -> anyhow::Result<Content>,
    /// The data of a sample.
    pub sample: fn() -> serde_json::Result<Value>,
}

impl Kind {
    /// The kind of one type.
    #[must_use]
    pub const fn of<M: Mail>() -> &'static Self {
        const {
            &Self {
                name: M::NAME,
                stream: M::STREAM,
                is_secret: M::SECRET,
                proves: M::PROVES,
                write: |data, state| {
                    let mail = M::deserialize(data).context("the stored mail no longer fits its type")?;
                    let content = mail.write(state)?;
                    ensure!(!content.subject.contains(char::is_control), "the subject is more than a line");
                    Ok(content)
                },
                sample: || serde_json::to_value(M::sample()),
            }
        }
    }
}

/// Mails for modules.
pub trait ModuleExt: Sized {
    /// A kind of mail that this module sends.
    #[must_use]
    fn mail<M: Mail>(self) -> Self;
}

impl ModuleExt for Module {
    fn mail<M: Mail>(self) -> Self {
        self.add(Kind::of::<M>())
    }
}

/// Sends a mail when the transaction is committed.
///
/// # Errors
///
/// Fails when the mail cannot be stored.
///
/// # Panics
///
/// When the module of this crate is not there: say `needs::<Outbox>()`.
pub async fn send<M: Mail>(
    state: &AppState,
    connection: &mut Connection,
    to: &Recipient,
    mail: &M,
) -> anyhow::Result<()> {
    let outgoing = Outgoing { kind: Kind::of::<M>(), to: to.clone(), data: serde_json::to_value(mail)? };
    let Outbox(outbox) = state.service();
    outbox.accept(state, connection, outgoing).await.with_context(|| format!("the mail {} was not accepted", M::NAME))
}

/// The service that takes mails where nobody delivers them.
pub fn module() -> Module {
    Module::new("mailer").provide(|_, _| Ok(Drafts::default())).provide(|config, _| {
        let is_development = config.environment == Environment::Development;
        ensure!(is_development, "nothing here delivers mail: production needs a module that provides `mailer::Outbox`");
        Ok(Outbox(Arc::new(IntoDrafts)))
    })
}

/// A mail as it would have been delivered.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: &'static Kind,
    pub to: Recipient,
    pub content: Content,
}

/// The last mails of this process that nobody has delivered, the oldest first.
#[derive(Debug, Default)]
pub struct Drafts(Mutex<VecDeque<Draft>>);

impl Drafts {
    #[must_use]
    pub fn all(&self) -> Vec<Draft> {
        self.lock().iter().cloned().collect()
    }

    fn push(&self, draft: Draft) {
        let mut drafts = self.lock();
        if drafts.len() == KEPT {
            drafts.pop_front();
        }
        drafts.push_back(draft);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Draft>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct IntoDrafts;

impl Accept for IntoDrafts {
    fn accept<'a>(
        &'a self,
        state: &'a AppState,
        _: &'a mut Connection,
        mail: Outgoing,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let content = (mail.kind.write)(&mail.data, state)?;
            let Content { subject, text, .. } = &content;
            tracing::info!(to = mail.to.address, "a mail that nobody delivers: {subject}\n{text}");
            state.service::<Drafts>().push(Draft { kind: mail.kind, to: mail.to, content });
            Ok(())
        })
    }
}
