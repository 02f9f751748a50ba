//! `app user`: what is needed before anybody can sign in, and when nobody else can help.

use std::fmt::Write;

use anyhow::ensure;
use clap::{Parser, Subcommand};
use kernel::{AppState, Error, Program};
use uuid::Uuid;

pub use crate::tokens::Scope;

use crate::{
    accounts,
    manage::{self, Change},
    sessions, steps,
    tokens::{self, Wanted},
    users::{Role, User},
};

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Make an account, and print the link with which its owner chooses a password
    Create {
        email: String,
        /// What the owner is called; without it, the part of the address before the @
        #[arg(long)]
        name: Option<String>,
        /// Let them manage the application
        #[arg(long)]
        admin: bool,
    },
    /// List accounts, the newest first
    List {
        /// Only those that can manage the application
        #[arg(long)]
        admins: bool,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Show an account
    Show { email: String },
    /// Let somebody manage the application
    Promote { email: String },
    /// Take the role of an administrator away
    Demote { email: String },
    /// Keep somebody out, without losing anything
    Deactivate { email: String },
    /// Let somebody in again
    Activate { email: String },
    /// Sign somebody out everywhere, or everybody
    EndSessions {
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        email: Option<String>,
        /// Everybody
        #[arg(long)]
        all: bool,
    },
    /// Sign somebody out everywhere, and print the link with which they choose another password
    Reset { email: String },
    /// Forget the failed logins of an account
    Unlock { email: String },
    /// Give somebody what belongs to nobody, such as rows from the time before there were accounts
    Adopt { email: String },
    /// Delete an account, and all that belongs to it, at once
    Delete {
        email: String,
        /// Do not ask whether this is meant
        #[arg(long)]
        yes: bool,
    },
}

/// Manage accounts: create, list, promote, deactivate, unlock, delete
#[derive(Parser)]
#[command(name = "user")]
pub struct Users {
    #[command(subcommand)]
    command: Command,
}

impl kernel::Command for Users {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let state = program.start().await?.state;
        kernel::print(&run(&state, self.command).await?)
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for somebody, and print it: nobody can read it afterwards
    Create {
        email: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// `read` or `write`
        #[arg(long, default_value = "read")]
        scope: Scope,
        /// After how many days it ends
        #[arg(long, default_value_t = tokens::USUAL)]
        days: u16,
    },
    /// List the tokens of somebody
    List { email: String },
    /// Revoke a token of somebody
    Revoke { email: String, id: Uuid },
}

/// Manage the API tokens of people: create, list, revoke
#[derive(Parser)]
#[command(name = "token")]
pub struct Tokens {
    #[command(subcommand)]
    command: TokenCommand,
}

impl kernel::Command for Tokens {
    async fn run(self, program: Program) -> anyhow::Result<()> {
        let state = program.start().await?.state;
        kernel::print(&run_token(&state, self.command).await?)
    }
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Says which account or token there is not.
pub async fn run_token(state: &AppState, command: TokenCommand) -> anyhow::Result<String> {
    let find = async |email: &str| manage::find(&mut *state.db.acquire().await?, email).await;
    match command {
        TokenCommand::Create { email, name, scope, days } => {
            let wanted = Wanted { name, scope, expires_in_days: days };
            let user = find(&email).await?;
            ensure!(user.is_active(), "this account is deactivated");
            let (_, text) = tokens::create(state, user.id, &wanted, None).await.map_err(explain)?;
            Ok(format!("{text}\n"))
        }
        TokenCommand::List { email } => {
            let mut table = format!("{:<36}  {:<5}  {:<10}  {:<10}  NAME\n", "ID", "SCOPE", "ENDS", "LAST USED");
            for token in tokens::all(&state.db, find(&email).await?.id).await? {
                let last = token.last_used_at.map_or_else(|| "never".to_owned(), |last| last.date().to_string());
                let (scope, ends) = (token.scope.name(), token.expires_at.date());
                writeln!(table, "{:<36}  {scope:<5}  {ends:<10}  {last:<10}  {}", token.id, token.name)?;
            }
            Ok(table)
        }
        TokenCommand::Revoke { email, id } => {
            let was_there = tokens::revoke(state, find(&email).await?.id, id, None).await?;
            ensure!(was_there, "{email} has no token {id}");
            Ok(format!("{id} revoked\n"))
        }
    }
}

/// Does what the command says, and returns what to print.
///
/// # Errors
///
/// Says which account there is not, or why nothing can be done about it.
pub async fn run(state: &AppState, command: Command) -> anyhow::Result<String> {
    match command {
        Command::Create { email, name, admin } => {
            let local = email.split('@').next().unwrap_or_default().to_owned();
            let role = if admin { Role::Admin } else { Role::User };
            let made = accounts::invite(state, &email, &name.unwrap_or(local), role).await;
            let (user, url) = made.map_err(explain)?;
            Ok(format!("{} chooses a password here, within 7 days:\n{url}\n", user.email))
        }
        Command::List { admins, limit, json } => list(state, admins, limit, json).await,
        Command::Show { email } => show(state, &email).await,
        Command::Promote { email } => manage::change(state, &email, Change::Promote).await,
        Command::Demote { email } => manage::change(state, &email, Change::Demote).await,
        Command::Deactivate { email } => manage::change(state, &email, Change::Deactivate).await,
        Command::Activate { email } => manage::change(state, &email, Change::Activate).await,
        Command::EndSessions { email: Some(email), .. } => manage::change(state, &email, Change::EndSessions).await,
        Command::EndSessions { email: None, .. } => {
            let ended = sessions::end_everywhere(&state.db).await?;
            Ok(format!("everybody is signed out: {ended} sessions\n"))
        }
        Command::Adopt { email } => manage::change(state, &email, Change::Adopt).await,
        Command::Unlock { email } => manage::change(state, &email, Change::Unlock).await,
        Command::Reset { email } => {
            let url = manage::reset(state, &email).await?;
            Ok(format!("{email} chooses another password here:\n{url}\n"))
        }
        Command::Delete { email, yes } => {
            ensure!(yes, "this cannot be undone: repeat it with --yes");
            manage::change(state, &email, Change::Delete).await
        }
    }
}

async fn list(state: &AppState, admins: bool, limit: u32, json: bool) -> anyhow::Result<String> {
    let query = "SELECT * FROM users WHERE role = $1 OR $1 = '' ORDER BY id DESC LIMIT $2";
    let role = if admins { Role::Admin.name() } else { "" };
    let users: Vec<User> = sqlx::query_as(query).bind(role).bind(i64::from(limit)).fetch_all(&state.db).await?;
    if json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&users)?));
    }
    let mut table = format!("{:<6} {:<12} {:<11} {:<40} NAME\n", "ROLE", "STATE", "SINCE", "EMAIL");
    for user in &users {
        let (role, since) = (user.role.name(), user.created_at.date());
        writeln!(table, "{role:<6} {:<12} {since:<11} {:<40} {}", condition(user), user.email, user.name)?;
    }
    Ok(table)
}

async fn show(state: &AppState, email: &str) -> anyhow::Result<String> {
    let mut connection = state.db.acquire().await?;
    let user = manage::find(&mut connection, email).await?;
    let query = "SELECT count(*) FROM sessions WHERE user_id = $1";
    let sessions: i64 = sqlx::query_scalar(query).bind(user.id).fetch_one(&mut *connection).await?;
    let (role, since) = (user.role.name(), user.created_at);
    let mut shown = format!(
        "id        {}\nemail     {}\nname      {}\nrole      {role}\nstate     {}\nsince     {since}\nsessions  {sessions}\n",
        user.id,
        user.email,
        user.name,
        condition(&user),
    );
    for (step, since) in steps::due(state, &mut connection, user.id).await? {
        writeln!(shown, "step      {} since {since}", step.method)?;
    }
    Ok(shown)
}

const fn condition(user: &User) -> &'static str {
    match (user.deactivated_at, &user.password) {
        (Some(_), _) => "deactivated",
        (None, None) => "invited",
        (None, Some(_)) => "active",
    }
}

/// What a form would say.
fn explain(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(errors) => anyhow::anyhow!("{}", errors.into_values().collect::<Vec<_>>().join(" ")),
        Error::Internal(failure) => anyhow::anyhow!("{:#}", failure.cause),
        error => anyhow::anyhow!("{error:?}"),
    }
}
