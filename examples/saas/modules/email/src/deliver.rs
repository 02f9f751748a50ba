//! The job that sends a mail, and what follows from how an attempt ends.

use std::time::{Duration, Instant};

use anyhow::Context;
use kernel::{AppState, Job, observe::Observation};
use lettre::{Address, Message};
use mailer::{Content, Kind};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    message::{self, Envelope},
    settings::MailSettings,
    smtp::{self, Failure, Step, Verdict},
    store::{self, Email, End, State},
    unsubscribe,
};

const MINUTE: Duration = Duration::from_mins(1);

/// How long a mail waits that was put off, each time. After that, it has failed.
const PAUSES: [Duration; 7] = [
    MINUTE,
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// How long a mail waits at most while the server cannot be used.
const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// How long it takes until the database is asked again.
const DATABASE_PAUSE: Duration = Duration::from_secs(2);

/// Sends a mail. It does nothing where the mail has had another turn since.
#[derive(Debug, Serialize, Deserialize)]
pub struct Deliver {
    pub id: Uuid,
    pub turn: i64,
}

impl Job for Deliver {
    const NAME: &'static str = "email.deliver";
    /// The mail has attempts of its own; this job fails with the database only.
    const ATTEMPTS: u16 = 1000;

    fn describe(&self) -> String {
        format!("mail {}", self.id)
    }

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let Some(email) = store::claim(&state, self.id, self.turn).await? else { return Ok(()) };
        let started = Instant::now();
        let outcome = attempt(&state, &email).await?;
        let Some(outcome) = outcome else { return Ok(()) };
        let word = outcome.as_ref().map_or_else(|failure| failure.reason.as_str(), |_| "sent");
        state.observe(&Observation::Called { service: "smtp", outcome: word, elapsed: started.elapsed() });
        let end = judge(&email, outcome);
        tell(&email, &end);
        // The server may have the mail: to forget that would mean to send it again.
        loop {
            match store::settle(&state, &email, &end).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    tracing::warn!(id = %email.id, "somebody else has taken this mail over");
                    return Ok(());
                }
                Err(error) => tracing::error!(id = %email.id, "what became of a mail cannot be stored: {error:#}"),
            }
            sleep(DATABASE_PAUSE).await;
        }
    }
}

/// Why a mail was not sent.
#[derive(Debug)]
struct Unsent {
    verdict: Verdict,
    /// The step at which it ended, or what else was in the way.
    reason: String,
    reply: String,
}

impl From<Failure> for Unsent {
    fn from(Failure { step, verdict, reply }: Failure) -> Self {
        Self { verdict, reason: step.name().to_owned(), reply }
    }
}

/// One attempt. Nothing is returned where somebody else has taken the mail over before the text went out.
async fn attempt(state: &AppState, email: &Email) -> anyhow::Result<Option<Result<String, Unsent>>> {
    let settings: &MailSettings = state.config.settings();
    let Some(server) = &settings.server else {
        let reply = "SMTP_URL names no server".to_owned();
        return Ok(Some(Err(Failure { step: Step::Connect, verdict: Verdict::Ours, reply }.into())));
    };
    let unsent = |verdict, reason: &str, error: anyhow::Error| Unsent {
        verdict,
        reason: reason.to_owned(),
        reply: format!("{error:#}"),
    };
    let to = match email.to_address.parse::<Address>() {
        Ok(to) => to,
        Err(error) => return Ok(Some(Err(unsent(Verdict::Refused, "address", error.into())))),
    };
    let message = match compose(state, email, &to) {
        Ok(message) => message,
        Err(error) => return Ok(Some(Err(unsent(Verdict::Later, "text", error)))),
    };
    let ready = match smtp::prepare(settings, server, &to).await {
        Ok(ready) => ready,
        Err(failure) => return Ok(Some(Err(failure.into()))),
    };
    if !store::begin_data(state, email).await? {
        return Ok(None);
    }
    Ok(Some(ready.send(&message).await.map_err(Unsent::from)))
}

/// What a stored mail says, now.
///
/// # Errors
///
/// Fails when it cannot be written.
pub fn write(state: &AppState, email: &Email) -> anyhow::Result<Content> {
    let kind = state.all::<&'static Kind>().iter().find(|kind| kind.name == email.template);
    let kind = kind.context("no module sends mails of this kind any more")?;
    (kind.write)(&serde_json::from_str(&email.data)?, state)
}

/// A stored mail as it goes over the wire.
///
/// # Errors
///
/// Fails when it cannot be written.
pub fn compose(state: &AppState, email: &Email, to: &Address) -> anyhow::Result<Message> {
    let (id, unsubscribe) = (email.id.to_string(), unsubscribe::url(state, email));
    let envelope = Envelope { id: &id, message_id: &email.message_id, to, unsubscribe: unsubscribe.as_deref() };
    message::build(state.config.settings(), envelope, write(state, email)?)
}

/// What follows from the end of an attempt.
fn judge(email: &Email, outcome: Result<String, Unsent>) -> End {
    let Unsent { verdict, reason, reply } = match outcome {
        Ok(reply) => return End::Sent(reply),
        Err(unsent) => unsent,
    };
    match verdict {
        Verdict::Ours => {
            let doublings = u32::try_from(email.attempts - 1).unwrap_or(u32::MAX);
            let after = MINUTE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT);
            End::Again { after, deferrals: 0, doubts: 0, reason, reply }
        }
        Verdict::Later => match usize::try_from(email.deferrals).ok().and_then(|count| PAUSES.get(count)) {
            Some(&after) => End::Again { after, deferrals: 1, doubts: 0, reason, reply },
            None => End::Over { state: State::Failed, reason, reply },
        },
        Verdict::Refused => End::Over { state: State::Bounced, reason, reply },
        // One more attempt: to lose a mail is worse than to send it twice, and to send it eight times is worse than either.
        Verdict::Unknown if email.doubts == 0 => End::Again { after: MINUTE, deferrals: 0, doubts: 1, reason, reply },
        Verdict::Unknown => End::Over { state: State::Failed, reason, reply },
    }
}

/// The log has no addresses.
fn tell(email: &Email, end: &End) {
    let (id, template) = (email.id, &email.template);
    match end {
        End::Sent(_) => tracing::info!(%id, template, "mail sent"),
        End::Again { doubts: 1, reason, reply, .. } => {
            tracing::warn!(%id, template, reason, "the server may have this mail, and gets it again: {reply}");
        }
        End::Again { deferrals: 0, reason, reply, .. } => {
            tracing::error!(%id, template, reason, "the mail server cannot be used, and mail waits: {reply}");
        }
        End::Again { reason, .. } => tracing::info!(%id, template, reason, "mail put off"),
        End::Over { state, reason, .. } => tracing::warn!(%id, template, reason, "mail {}", state.name()),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn email(attempts: i64, deferrals: i64, doubts: i64) -> Email {
        Email {
            id: Uuid::nil(),
            message_id: String::new(),
            template: String::new(),
            data: String::new(),
            stream: String::new(),
            is_secret: false,
            to_address: String::new(),
            to_key: String::new(),
            turn: 0,
            state: State::Sending,
            attempts,
            deferrals,
            doubts,
            data_since: None,
            reason: None,
            reply: None,
            next_attempt_at: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            sent_at: None,
        }
    }

    fn after(email: &Email, verdict: Verdict) -> Option<u64> {
        let unsent = Unsent { verdict, reason: String::new(), reply: String::new() };
        match judge(email, Err(unsent)) {
            End::Again { after, .. } => Some(after.as_secs() / 60),
            End::Sent(_) | End::Over { .. } => None,
        }
    }

    #[test]
    fn a_mail_that_is_put_off_is_given_up_after_two_days() {
        let pauses: Vec<_> = (0..8).map_while(|count| after(&email(1, count, 0), Verdict::Later)).collect();
        assert_eq!(pauses, [1, 5, 30, 120, 360, 720, 1440]);
        assert!(pauses.iter().sum::<u64>() < 48 * 60);
    }

    #[test]
    fn a_server_that_cannot_be_used_is_no_reason_to_give_up() {
        assert_eq!(
            [1, 2, 5, 6, 1000].map(|attempt| after(&email(attempt, 0, 0), Verdict::Ours).unwrap()),
            [1, 2, 16, 30, 30]
        );
    }

    #[test]
    fn a_refusal_is_final_and_doubt_allows_one_more_attempt() {
        assert_eq!(after(&email(1, 0, 0), Verdict::Refused), None);
        assert_eq!(after(&email(1, 0, 0), Verdict::Unknown), Some(1));
        assert_eq!(after(&email(2, 0, 1), Verdict::Unknown), None);
    }
}
