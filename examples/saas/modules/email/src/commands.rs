//! `app mail` looks into the queue of mails, and helps what is stuck.

use std::fmt::Write;

use anyhow::{Context, bail, ensure};
use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use kernel::{AppState, Job, Program, config::Environment, database};
use mailer::{Mail, Recipient};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    deliver::Deliver,
    outbox,
    settings::MailSettings,
    store::{self, Email, STATES, State, key_of, moment},
    suppression::{self, Suppression},
    test_mail::TestMail,
};

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List mails, the newest first
    List {
        /// Only those in this state
        #[arg(long, value_parser = PossibleValuesParser::new(STATES))]
        state: Option<String>,
        /// Only those to this address
        #[arg(long)]
        to: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Show what became of a mail, and why
    Show {
        id: Uuid,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try mails again at once
    Retry {
        #[arg(required_unless_present = "failed")]
        ids: Vec<Uuid>,
        /// All that have failed
        #[arg(long, conflicts_with = "ids")]
        failed: bool,
    },
    /// Keep mails that wait from being sent
    Cancel {
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
    /// Send a test mail now, and show what the mail server says
    Test { to: String },
    /// List who gets no mail, or not of every kind
    Suppressions {
        /// Only this address
        address: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Send no more mail to an address
    Suppress {
        address: String,
        /// Notifications only
        #[arg(long)]
        notifications: bool,
    },
    /// Send mail to an address again, of all kinds
    Unsuppress { address: String },
}

/// Look into the queue of mails: list, retry, cancel, test, suppress
#[derive(Parser)]
#[command(name = "mail")]
pub struct Mails {
    #[command(subcommand)]
    command: Command,
}

impl kernel::Command for Mails {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let state = program.start().await?.state;
        kernel::print(&run(&state, self.command).await?)
    }
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Says which mail there is not, or why nothing can be done about it.
pub async fn run(state: &AppState, command: Command) -> anyhow::Result<String> {
    match command {
        Command::List { state: wanted, to, limit, json } => {
            let emails = select(state, wanted.as_deref(), to.as_deref(), limit).await?;
            if json { to_json(&emails) } else { table(&emails) }
        }
        Command::Show { id, json } => {
            let email = store::find(&state.db, id).await?.with_context(|| format!("there is no mail {id}"))?;
            if json { to_json(&email) } else { describe(&email) }
        }
        Command::Retry { ids, failed } => {
            let ids = if failed { failed_ids(state).await? } else { ids };
            let mut lines = String::new();
            for id in ids {
                ensure!(store::retry(state, id).await?, "{lines}the mail {id} is not there, or is sent");
                writeln!(lines, "{id} will be tried again")?;
            }
            Ok(lines)
        }
        Command::Cancel { ids } => {
            let mut lines = String::new();
            for id in ids {
                ensure!(store::cancel(state, id).await?, "{lines}the mail {id} does not wait");
                writeln!(lines, "{id} cancelled")?;
            }
            Ok(lines)
        }
        Command::Test { to } => test(state, &to).await,
        Command::Suppressions { address, limit, json } => {
            let found = suppression::list(&state.db, address.as_deref(), limit).await?;
            if json { to_json(&found) } else { suppressions(&found) }
        }
        Command::Suppress { address, notifications } => {
            let scope = if notifications { mailer::Stream::Notification.name() } else { suppression::ALL };
            suppression::suppress(state, &address, scope, "command").await?;
            Ok(format!("{address} gets no more mail ({scope})\n"))
        }
        Command::Unsuppress { address } => {
            ensure!(suppression::remove(&state.db, &address).await?, "{address} gets mail already");
            Ok(format!("{address} gets mail again\n"))
        }
    }
}

async fn select(state: &AppState, wanted: Option<&str>, to: Option<&str>, limit: u32) -> sqlx::Result<Vec<Email>> {
    let query = sqlx::query_as(
        "SELECT * FROM emails WHERE ($1 = '' OR state = $1) AND ($2 = '' OR to_key = $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3",
    );
    let query = query.bind(wanted.unwrap_or_default()).bind(to.map(key_of).unwrap_or_default());
    query.bind(i64::from(limit)).fetch_all(&state.db).await
}

async fn failed_ids(state: &AppState) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT id FROM emails WHERE state = 'failed' ORDER BY id").fetch_all(&state.db).await
}

/// Sends a mail past the queue, but in the same way.
async fn test(state: &AppState, to: &str) -> anyhow::Result<String> {
    let settings: &MailSettings = state.config.settings();
    let Some(server) = &settings.server else {
        let is_development = state.config.environment == Environment::Development;
        ensure!(is_development, "SMTP_URL names no server");
        let mut transaction = database::begin(&state.db).await?;
        mailer::send(state, &mut transaction, &Recipient::new(to), &TestMail::sample()).await?;
        transaction.commit().await?;
        return Ok("SMTP_URL names no server: the mail is at /dev/mail\n".to_owned());
    };
    let id = outbox::store_test(state, to).await?;
    Deliver { id, turn: 0 }.run(state.clone()).await?;
    // Somebody waits for the answer: no later attempt.
    store::cancel(state, id).await?;
    let email = store::find(&state.db, id).await?.context("the mail is gone")?;
    let reply = email.reply.unwrap_or_default();
    match email.state {
        State::Sent => Ok(format!("{server:?} has taken it: {reply}\n")),
        State::Suppressed => bail!("{to} gets no mail: `app mail suppressions {to}` says why"),
        _ => bail!("{server:?} has not taken it, at the step {}: {reply}", email.reason.unwrap_or_default()),
    }
}

/// All about one mail, and nothing of what it says.
fn describe(email: &Email) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "id          {}", email.id)?;
    writeln!(text, "message id  {}", email.message_id)?;
    writeln!(text, "template    {} ({})", email.template, email.stream)?;
    writeln!(text, "to          {}", email.to_address)?;
    writeln!(text, "state       {}", email.state.name())?;
    writeln!(text, "accepted    {}", moment(&email.created_at))?;
    writeln!(text, "attempts    {}", email.attempts)?;
    if email.doubts > 0 {
        writeln!(text, "doubled     perhaps, {} times", email.doubts)?;
    }
    if let Some(next) = &email.next_attempt_at {
        writeln!(text, "next        {}", moment(next))?;
    }
    if let Some(sent) = &email.sent_at {
        writeln!(text, "sent        {}", moment(sent))?;
    }
    if let Some(reason) = &email.reason {
        writeln!(text, "reason      {reason}")?;
    }
    if let Some(reply) = &email.reply {
        writeln!(text, "reply       {}", one_line(reply))?;
    }
    Ok(text)
}

/// A line for each mail.
fn table(emails: &[Email]) -> anyhow::Result<String> {
    let mut text =
        format!("{:<36}  {:<10}  {:>8}  {:<20}  TEMPLATE, RECIPIENT, REASON\n", "ID", "STATE", "ATTEMPTS", "ACCEPTED");
    for email in emails {
        let Email { id, attempts, template, to_address, .. } = email;
        let (state, accepted) = (email.state.name(), moment(&email.created_at));
        let reason = email.reason.as_deref().unwrap_or_default();
        let about = format!("{template} to {} {reason}", one_line(to_address));
        writeln!(text, "{id:<36}  {state:<10}  {attempts:>8}  {accepted:<20}  {}", about.trim_end())?;
    }
    Ok(text)
}

fn suppressions(found: &[Suppression]) -> anyhow::Result<String> {
    let mut text =
        format!("{:<14}  {:<12}  {:<10}  {:<20}  {:<20}  ADDRESS\n", "SCOPE", "REASON", "SOURCE", "SINCE", "UNTIL");
    for Suppression { address, scope, reason, source, created_at, expires_at } in found {
        let (since, until) = (moment(created_at), expires_at.as_ref().map_or_else(String::new, moment));
        let (reason, address) = (reason.name(), one_line(address));
        writeln!(text, "{scope:<14}  {reason:<12}  {source:<10}  {since:<20}  {until:<20}  {address}")?;
    }
    Ok(text)
}

/// What strangers have written must not move the cursor of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
