//! What people get to read from this module. A mail with a link stores what the link is made of; its token exists in the text
//! alone.

use askama::Template;
use kernel::{APP_NAME, AppState};
use mailer::{Content, Mail, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::links::{self, Purpose};

/// A short mail: some sentences, and what to do.
#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a>(&'a Letter);

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Text<'a>(&'a Letter);

#[derive(Clone, Debug)]
pub struct Letter {
    pub heading: String,
    pub sentences: Vec<String>,
    /// What the link does.
    pub label: &'static str,
    pub url: String,
    pub end: &'static str,
}

const IGNORE: &str = "If this was not you, you need not do anything.";
const ALARM: &str = "If this was not you, use the link at once.";

impl Letter {
    /// The subject and the text.
    ///
    /// # Errors
    ///
    /// Fails when the template does.
    pub fn write(&self) -> anyhow::Result<Content> {
        let subject = format!("{} · {APP_NAME}", self.heading);
        Ok(Content { subject, text: Text(self).render()?, html: Html(self).render()? })
    }
}

/// Finishes a sign-up.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignUp {
    pub link: Uuid,
    pub email: String,
}

impl Mail for SignUp {
    const NAME: &'static str = "auth.sign_up";
    const SECRET: bool = true;
    const PROVES: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "Finish your sign-up".to_owned(),
            sentences: vec![
                format!("Somebody, hopefully you, wants to make an account at {APP_NAME} with this address."),
                "The link is good for 24 hours.".to_owned(),
            ],
            label: "Choose a name and a password",
            url: links::url(state, Purpose::SignUp, self.link, &self.email),
            end: IGNORE,
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { link: Uuid::nil(), email: "ann@example.com".to_owned() }
    }
}

/// Tells somebody who signs up that there is an account already.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownAddress {}

impl Mail for KnownAddress {
    const NAME: &'static str = "auth.known_address";

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "You already have an account".to_owned(),
            sentences: vec![
                format!("Somebody, hopefully you, wants to make an account at {APP_NAME} with this address."),
                "There is one already: sign in with it. If you have forgotten its password, choose another one."
                    .to_owned(),
            ],
            label: "Choose another password",
            url: state.config.public_url.join("/password/forgot"),
            end: IGNORE,
        };
        letter.write()
    }

    fn sample() -> Self {
        Self {}
    }
}

/// Lets somebody choose a password: the first one, or another one.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChoosePassword {
    pub link: Uuid,
    pub email: String,
    pub is_invite: bool,
}

impl Mail for ChoosePassword {
    const NAME: &'static str = "auth.choose_password";
    const SECRET: bool = true;
    const PROVES: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let (heading, sentence, life, purpose) = if self.is_invite {
            let sentence = format!("There is an account for you at {APP_NAME}.");
            ("Welcome", sentence, "The link is good for 7 days.", Purpose::Invite)
        } else {
            let sentence =
                format!("Somebody, hopefully you, has forgotten the password of your account at {APP_NAME}.");
            ("Choose another password", sentence, "The link is good for 30 minutes.", Purpose::Reset)
        };
        let letter = Letter {
            heading: heading.to_owned(),
            sentences: vec![sentence, life.to_owned()],
            label: "Choose a password",
            url: links::url(state, purpose, self.link, &self.email),
            end: IGNORE,
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { link: Uuid::nil(), email: "ann@example.com".to_owned(), is_invite: false }
    }
}

/// Tells of something that was done with an account.
#[derive(Debug, Serialize, Deserialize)]
pub struct Notice {
    pub what: What,
}

/// What was done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum What {
    PasswordChanged,
    Guessing,
    StepFailed,
    StepsRemoved,
}

impl Mail for Notice {
    const NAME: &'static str = "auth.notice";
    const STREAM: Stream = Stream::Security;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let (heading, sentence, end) = match self.what {
            What::PasswordChanged => {
                ("Your password was changed", "The password of your account was changed a moment ago.", ALARM)
            }
            What::Guessing => (
                "Somebody tries to guess your password",
                "For a while, your account accepts passwords only from browsers in which you have signed in before.",
                "Your password was not found. You need not do anything; with the link you can sign in nevertheless.",
            ),
            What::StepFailed => (
                "Somebody knows your password",
                "Somebody has signed in with your password, and could not do what your account asks for after it.",
                ALARM,
            ),
            What::StepsRemoved => (
                "Your account needs another password",
                "Those who run the site have removed what your account asks for after the password. So that nobody but you \
                 can use it, you choose another password with a mailed link.",
                ALARM,
            ),
        };
        let letter = Letter {
            heading: heading.to_owned(),
            sentences: vec![sentence.to_owned()],
            label: "Choose another password",
            url: state.config.public_url.join("/password/forgot"),
            end,
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { what: What::PasswordChanged }
    }
}

/// Proves an address that somebody wants to have.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeEmail {
    pub link: Uuid,
    pub email: String,
}

impl Mail for ChangeEmail {
    const NAME: &'static str = "auth.change_email";
    const SECRET: bool = true;
    const PROVES: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "Confirm your new address".to_owned(),
            sentences: vec![
                format!("Somebody, hopefully you, wants to use this address for an account at {APP_NAME}."),
                "The link is good for an hour, in a browser in which you are signed in.".to_owned(),
            ],
            label: "Confirm the address",
            url: links::url(state, Purpose::Change, self.link, &self.email),
            end: IGNORE,
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { link: Uuid::nil(), email: "ann@example.com".to_owned() }
    }
}

/// Tells the former address that it is not the account's any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmailChanged {
    pub link: Uuid,
    pub email: String,
    pub new: String,
}

impl Mail for EmailChanged {
    const NAME: &'static str = "auth.email_changed";
    const STREAM: Stream = Stream::Security;
    const SECRET: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "Your address was changed".to_owned(),
            sentences: vec![
                format!("The address of your account at {APP_NAME} is {} from now on.", self.new),
                "For 7 days, you can take this back. Whoever is signed in is signed out then.".to_owned(),
            ],
            label: "Take it back",
            url: links::url(state, Purpose::Undo, self.link, &self.email),
            end: "If it was you, you need not do anything.",
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { link: Uuid::nil(), email: "ann@example.com".to_owned(), new: "lee@example.com".to_owned() }
    }
}

/// Lets somebody keep an account that is to be deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Deleted {
    pub link: Uuid,
    pub email: String,
    /// The day on which it will be gone.
    pub on: String,
}

impl Mail for Deleted {
    const NAME: &'static str = "auth.deleted";
    const STREAM: Stream = Stream::Security;
    const SECRET: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "Your account will be deleted".to_owned(),
            sentences: vec![
                format!("You have deleted your account at {APP_NAME}. Nobody can use it any more."),
                format!("On {}, all that belongs to it goes for good. Until then you can keep it.", self.on),
            ],
            label: "Keep the account",
            url: links::url(state, Purpose::Keep, self.link, &self.email),
            end: "If you want it to be deleted, you need not do anything.",
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { link: Uuid::nil(), email: "ann@example.com".to_owned(), on: "2026-01-31".to_owned() }
    }
}

/// Tells somebody that a program will lose its access.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpiringToken {
    pub name: String,
    pub on: String,
}

impl Mail for ExpiringToken {
    const NAME: &'static str = "auth.expiring_token";

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let letter = Letter {
            heading: "An API token ends soon".to_owned(),
            sentences: vec![
                format!("Your token “{}” at {APP_NAME} ends on {}.", self.name, self.on),
                "If a program still uses it, make another one.".to_owned(),
            ],
            label: "Your tokens",
            url: state.config.public_url.join("/account/tokens"),
            end: "Otherwise, you need not do anything.",
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { name: "Backup".to_owned(), on: "2026-01-31".to_owned() }
    }
}
