//! Accounts, over HTTP, as people and programs use them.

mod account;
mod commands;
mod deletion;
mod email;
mod enumeration;
mod links;
mod login;
mod order;
mod sessions;
mod sign_up;
mod steps;
mod throttle;
mod tokens;

use auth::{
    Hasher,
    commands::{self as command, Command},
};
use hyper::Request;
use kernel::Module;
use mailer::{Draft, Drafts};
use testkit::{Browser, Response, TestApp};

const PASSWORD: &str = "many winds by the sea";
const OTHER: &str = "seven chairs under water";
const ANN: &str = "ann@example.com";

async fn start() -> TestApp {
    start_with(&[]).await
}

async fn start_with(variables: &[(&str, &str)]) -> TestApp {
    TestApp::start_with(modules(), variables).await
}

fn modules() -> Vec<Module> {
    vec![
        ui::module(),
        ui::components::module(),
        clients::module(),
        mailer::module(),
        rest::module(),
        schedules::module(),
        signing::module(),
        auth::module(),
    ]
}

/// What a command prints.
async fn run(app: &TestApp, command: Command) -> anyhow::Result<String> {
    command::run(&app.application.state, command).await
}

async fn create(app: &TestApp, email: &str, admin: bool) -> String {
    let printed = run(app, Command::Create { email: email.to_owned(), name: None, admin }).await.unwrap();
    printed.lines().last().unwrap().to_owned()
}

/// Makes an account that has its password.
async fn account(app: &TestApp, email: &str) {
    account_with(app, email, false).await;
}

async fn account_with(app: &TestApp, email: &str, admin: bool) {
    let url = create(app, email, admin).await;
    let reset = serde_json::json!({ "token": token(&url), "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
}

/// The token in the address of a link.
fn token(text: &str) -> &str {
    let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split(|char: char| char.is_whitespace() || char == '"').next().unwrap()
}

/// The path and the query of a link.
fn path(text: &str) -> &str {
    let (_, rest) = text.split_once("https://app.test").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split(char::is_whitespace).next().unwrap()
}

fn drafts(app: &TestApp) -> Vec<Draft> {
    app.application.state.service::<Drafts>().all()
}

/// The last mail to an address.
fn mail_to(app: &TestApp, email: &str) -> Draft {
    let draft = drafts(app).into_iter().rfind(|draft| draft.to.address == email);
    draft.unwrap_or_else(|| panic!("no mail to {email}"))
}

fn hashes(app: &TestApp) -> u64 {
    app.application.state.service::<Hasher>().count()
}

async fn sign_in(browser: &mut Browser<'_>, email: &str, password: &str) -> Response {
    let form = browser.get("/login").await.form("main form").set("email", email).set("password", password);
    browser.submit(&form).await
}

/// A browser in which somebody has signed in.
async fn browser<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, email, PASSWORD).await.status, 303);
    browser
}

async fn login(app: &TestApp, email: &str, password: &str) -> Response {
    app.post_json("/api/v1/auth/login", &serde_json::json!({ "email": email, "password": password })).await
}

/// A request of the API with the cookies of a browser.
async fn api(browser: &mut Browser<'_>, method: &str, path: &str, body: &str) -> Response {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    browser.send(request, body.to_owned()).await
}

async fn status(browser: &mut Browser<'_>, path: &str) -> u16 {
    browser.get(path).await.status.as_u16()
}

/// How many rows a table has.
async fn count(app: &TestApp, table: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(query).fetch_one(app.db()).await.unwrap()
}
