//! Two-factor authentication, over HTTP, as people and programs use it.

mod account;
mod login;
mod order;
mod recovery;
mod removal;
mod require;
mod secret;
mod set_up;

use std::time::Duration;

use auth::commands::{self, Command};
use hyper::Request;
use kernel::Module;
use mailer::{Draft, Drafts};
use serde_json::{Value, json};
use testkit::{Browser, Response, TestApp};
use totp_rs::{Builder, Secret};

const PASSWORD: &str = "many winds by the sea";
const OTHER: &str = "seven chairs under water";
const ANN: &str = "ann@example.com";

async fn start() -> TestApp {
    start_with(&[]).await
}

/// The clock stands still: time passes when a test says so.
async fn start_with(variables: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(modules(), variables).await;
    app.clock().advance(Duration::ZERO);
    account(&app, ANN, false).await;
    app
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
        two_factor::module(),
    ]
}

async fn run(app: &TestApp, command: Command) -> anyhow::Result<String> {
    commands::run(&app.application.state, command).await
}

/// Makes an account that has its password.
async fn account(app: &TestApp, email: &str, admin: bool) {
    let printed = run(app, Command::Create { email: email.to_owned(), name: None, admin }).await.unwrap();
    reset(app, token(&printed), PASSWORD).await;
}

async fn reset(app: &TestApp, token: &str, password: &str) {
    let body = json!({ "token": token, "password": password });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &body).await.status, 204);
}

/// The token in the address of a link.
fn token(text: &str) -> &str {
    let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().unwrap()
}

/// The last mail to an address.
fn mail_to(app: &TestApp, email: &str) -> Draft {
    let drafts = app.application.state.service::<Drafts>().all();
    drafts.into_iter().rfind(|draft| draft.to.address == email).unwrap_or_else(|| panic!("no mail to {email}"))
}

async fn sign_in(browser: &mut Browser<'_>, email: &str, password: &str) -> Response {
    let form = browser.get("/login").await.form("main form").set("email", email).set("password", password);
    browser.submit(&form).await
}

/// A browser in which somebody has signed in with the password alone.
async fn browser<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, email, PASSWORD).await.header("location"), "/");
    browser
}

/// A browser whose login waits for a code.
async fn waiting<'a>(app: &'a TestApp, password: &str) -> Browser<'a> {
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, ANN, password).await.header("location"), "/login/code");
    browser
}

/// Sends a code; says what was answered, and where it leads.
async fn enter(browser: &mut Browser<'_>, code: &str) -> (u16, String) {
    let request = Request::post("/login/code").header("content-type", "application/x-www-form-urlencoded");
    let response = browser.send(request, format!("code={}", code.replace(' ', "+"))).await;
    (response.status.as_u16(), response.header("location").to_owned())
}

fn leads(to: &str) -> (u16, String) {
    (303, to.to_owned())
}

/// A request of the API with the cookies of a browser.
async fn api(browser: &mut Browser<'_>, method: &str, path: &str, body: &Value) -> Response {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    browser.send(request, body.to_string()).await
}

async fn status(browser: &mut Browser<'_>, path: &str) -> u16 {
    browser.get(path).await.status.as_u16()
}

/// What knows the key.
struct Phone(String);

impl Phone {
    /// The code of a step before or after the current one.
    fn code_at(&self, app: &TestApp, steps: i64) -> String {
        let key = Secret::try_from_base32(self.0.replace(' ', "")).unwrap();
        let time = app.clock().now().unix_timestamp() + 30 * steps;
        Builder::new().with_secret(key).build().unwrap().generate(u64::try_from(time).unwrap()).to_string()
    }

    fn code(&self, app: &TestApp) -> String {
        self.code_at(app, 0)
    }
}

/// The next code.
fn wait_for_a_code(app: &TestApp) {
    app.clock().advance(Duration::from_secs(30));
}

async fn begin(browser: &mut Browser<'_>) -> Phone {
    let begun = api(browser, "POST", "/api/v1/account/two-factor", &Value::Null).await;
    Phone(begun.json::<Value>()["key"].as_str().unwrap().to_owned())
}

/// Sets it up, and returns the recovery codes, too. The code that this takes is used up.
async fn turn_on(app: &TestApp, browser: &mut Browser<'_>) -> (Phone, Vec<String>) {
    let phone = begin(browser).await;
    let code = json!({ "code": phone.code(app) });
    let on = api(browser, "POST", "/api/v1/account/two-factor/confirm", &code).await;
    let codes = on.json::<Value>()["recovery_codes"].as_array().unwrap().clone();
    (phone, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// How many rows a table has.
async fn count(app: &TestApp, table: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(query).fetch_one(app.db()).await.unwrap()
}
