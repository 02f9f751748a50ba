//! Two-factor authentication: after the password, a login asks for a code of an app on a phone, or for a recovery code.

mod api;
mod factor;
mod mails;
mod pages;
mod recovery;
mod require;
mod settings;
mod totp;

use auth::{Activity, Card, Export, Step, UserDeleted};
use kernel::{
    AppState, Describe, Inspect, Module, Policy, Stage,
    database::{Connection, Migration},
};
use mailer::ModuleExt as _;
use ui::{Fragment, Region};
use uuid::Uuid;

use settings::{Required, TwoFactorSettings};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "create two factor",
    sql: include_str!("../migrations/0001_create_two_factor.sql"),
}];

const TURNED_ON: Activity = Activity { name: "two_factor.on", text: "Turned the second factor on" };
const TURNED_OFF: Activity = Activity { name: "two_factor.off", text: "Turned the second factor off" };
const CODES_MADE: Activity = Activity { name: "two_factor.codes", text: "Made recovery codes" };
const CODE_USED: Activity = Activity { name: "two_factor.recovery", text: "Used a recovery code" };

/// What this crate brings to the application.
pub fn module() -> Module {
    let step = Step {
        method: "code",
        page: pages::LOGIN,
        since: |_, connection, user| Box::pin(async move { Ok(factor::since(connection, user).await?) }),
        remove: |_, connection, user| Box::pin(async move { Ok(factor::delete(connection, user).await?) }),
    };
    let card = Card {
        title: "Second factor",
        path: require::PAGE,
        about: "Have the login ask for a code from your phone as well.",
    };
    Module::new("two_factor")
        .migrations(MIGRATIONS)
        .settings::<TwoFactorSettings>()
        .layer(Stage::Limit, require::layer)
        .add(step)
        .add(card)
        .add(TURNED_ON)
        .add(TURNED_OFF)
        .add(CODES_MADE)
        .add(CODE_USED)
        .add(Fragment(Region::Main, require::banner))
        .add(Inspect(|state| Box::pin(find_admins(state))))
        .add(Describe(api::describe_login))
        .on::<Export>(|state, connection, export| Box::pin(export_factor(state, connection, export)))
        .on::<UserDeleted>(|_, connection, deleted| Box::pin(forget(connection, deleted.user)))
        .pages(Policy::PUBLIC, pages::public())
        .pages(Policy::SIGNED_IN, pages::personal())
        .api(Policy::PUBLIC, api::public())
        .api(Policy::SIGNED_IN, api::personal())
        .mail::<mails::Notice>()
}

async fn export_factor(state: &AppState, connection: &mut Connection, export: &Export) -> anyhow::Result<()> {
    export.add("two_factor", &factor::exported(state, connection, export.user).await?)
}

async fn forget(connection: &mut Connection, user: Uuid) -> anyhow::Result<()> {
    factor::delete(connection, user).await?;
    Ok(())
}

async fn find_admins(state: AppState) -> anyhow::Result<Option<String>> {
    if state.config.settings::<TwoFactorSettings>().required == Required::None {
        return Ok(None);
    }
    let query = "SELECT count(*) FROM users WHERE role = 'admin' AND deactivated_at IS NULL \
                 AND id NOT IN (SELECT user_id FROM two_factor WHERE confirmed_at IS NOT NULL)";
    let count: i64 = sqlx::query_scalar(query).fetch_one(&state.db).await?;
    let text = format!("administrators without a second factor, who reach nothing but {}: {count}", require::PAGE);
    Ok((count > 0).then_some(text))
}
