//! Accounts: sign-up, login, sessions, roles, and what their owners can do with them.

mod account;
mod accounts;
mod activity;
mod address;
mod agent;
mod api;
mod client;
pub mod commands;
mod cookies;
mod deletion;
mod devices;
mod jobs;
mod links;
mod login;
mod mails;
mod manage;
mod next;
mod pages;
mod passwords;
mod secret;
mod seed;
mod sessions;
mod settings;
mod steps;
mod throttle;
mod tokens;
mod users;

use kernel::{AppState, ErrorPage, Inspect, Link, Module, Place, Policy, Seed, SignIn, Stage, database::Migration};
use mailer::{ModuleExt as _, Outbox};
use schedules::ModuleExt as _;
use signing::Signer;
use ui::{Fragment, Region};

pub use account::{AccountNotice, Card, Which, end_sessions};
pub use accounts::Adoption;
pub use activity::{Activity, note_other};
pub use client::Client;
pub use cookies::Cookies;
pub use deletion::{Export, UserDeleted};
pub use jobs::CleanUp;
pub use mails::Letter;
pub use pages::Refusal;
pub use passwords::Hasher;
pub use sessions::{ByToken, Confirmed, Session};
pub use steps::{OfUser, Pending, Step, remove_all as remove_steps};
pub use users::{Role, User, find as find_user, lock as lock_user};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create accounts", sql: include_str!("../migrations/0001_create_accounts.sql") }];

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("auth")
        .migrations(MIGRATIONS)
        .settings::<settings::AuthSettings>()
        .needs::<Signer>()
        .needs::<Outbox>()
        .provide(Hasher::new)
        .layer(Stage::Visitor, sessions::layer)
        .add(SignIn("/login"))
        .add(ErrorPage(pages::refuse))
        .add(Seed(seed::fill))
        .add(Inspect(|state| Box::pin(find_admin(state))))
        .add(Fragment(Region::Header, pages::sign_out))
        .pages(Policy::PUBLIC, pages::public())
        .pages(Policy::SIGNED_IN, pages::personal())
        .api(Policy::PUBLIC, api::public())
        .api(Policy::SIGNED_IN, api::personal())
        .mail::<mails::SignUp>()
        .mail::<mails::KnownAddress>()
        .mail::<mails::ChoosePassword>()
        .mail::<mails::Notice>()
        .mail::<mails::ChangeEmail>()
        .mail::<mails::EmailChanged>()
        .mail::<mails::Deleted>()
        .mail::<mails::ExpiringToken>()
        .job::<jobs::MailSignUp>()
        .job::<jobs::MailReset>()
        .job::<jobs::MailChange>()
        .job::<jobs::TellOfGuessing>()
        .schedule::<CleanUp>()
        .command::<commands::Users>()
        .command::<commands::Tokens>()
        .link(Link::new(Place::Account, "Sign in", "/login").shown_to(|visitor| visitor.is_none()))
        .link(Link::new(Place::Account, "Account", "/account").shown_to(|visitor| visitor.is_some()))
}

async fn find_admin(state: AppState) -> anyhow::Result<Option<String>> {
    let nobody = users::count_admins(&state.db).await? == 0;
    Ok(nobody.then(|| "nobody can manage the application yet: `app user create EMAIL --admin`".to_owned()))
}
