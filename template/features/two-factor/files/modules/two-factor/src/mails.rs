//! What people get to read from this module.

use auth::Letter;
use kernel::{APP_NAME, AppState};
use mailer::{Content, Mail, Stream};
use serde::{Deserialize, Serialize};

/// Tells of something that was done with the second factor of an account.
#[derive(Debug, Serialize, Deserialize)]
pub struct Notice {
    pub what: What,
}

/// What was done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum What {
    TurnedOn,
    TurnedOff,
    CodesMade,
    CodeUsed { left: i64 },
}

impl Mail for Notice {
    const NAME: &'static str = "two_factor.notice";
    const STREAM: Stream = Stream::Security;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let (heading, sentence) = match self.what {
            What::TurnedOn => (
                "Signing in takes a code now",
                format!("From now on, your account at {APP_NAME} asks for a code from your phone after the password."),
            ),
            What::TurnedOff => (
                "Signing in takes no code any more",
                format!("From now on, the password is all that your account at {APP_NAME} asks for."),
            ),
            What::CodesMade => (
                "You have new recovery codes",
                format!("There are new recovery codes for your account at {APP_NAME}. The old ones count no more."),
            ),
            What::CodeUsed { left } => {
                ("A recovery code was used", format!("Somebody has signed in with one. There are {left} left."))
            }
        };
        let letter = Letter {
            heading: heading.to_owned(),
            sentences: vec![sentence],
            label: "Choose another password",
            url: state.config.public_url.join("/password/forgot"),
            end: "If this was not you, use the link at once.",
        };
        letter.write()
    }

    fn sample() -> Self {
        Self { what: What::CodeUsed { left: 3 } }
    }
}
