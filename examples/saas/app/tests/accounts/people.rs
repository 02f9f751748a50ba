//! Somebody with a browser and a mailbox.

use auth::commands::{self, Command};
use hyper::Request;
use serde_json::{Value, json};
use testkit::{Browser, Response, TestApp};

pub const PASSWORD: &str = "many winds by the sea";

pub const ANN: &str = "ann@example.com";

/// Runs `app user …`.
pub async fn run(app: &TestApp, command: Command) -> String {
    commands::run(&app.application.state, command).await.expect("the command can do what it says")
}

/// Makes an account, and returns the link with which its owner chooses a password.
pub async fn invite(app: &TestApp, email: &str) -> String {
    let printed = run(app, Command::Create { email: email.to_owned(), name: None, admin: false }).await;
    printed.lines().last().expect("a link is printed").to_owned()
}

/// Makes an account that has its password.
pub async fn account(app: &TestApp, email: &str) {
    let link = invite(app, email).await;
    let reset = json!({ "token": token(&link), "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
}

pub async fn sign_in(browser: &mut Browser<'_>, email: &str, password: &str) -> Response {
    let form = browser.get("/login").await.form("main form").set("email", email).set("password", password);
    browser.submit(&form).await
}

/// A request of the API with the cookies of a browser.
pub async fn api(browser: &mut Browser<'_>, method: &str, path: &str, body: &Value) -> Response {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    browser.send(request, body.to_string()).await
}

/// The text of the last mail to an address.
pub async fn mail_to(app: &TestApp, email: &str) -> String {
    app.run_jobs().await;
    let mails: Value = app.get(&format!("/dev/mail.json?to={email}")).await.json();
    mails[0]["text"].as_str().unwrap_or_else(|| panic!("no mail to {email}")).to_owned()
}

/// The token of the link in a text.
pub fn token(text: &str) -> &str {
    let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().expect("a token follows")
}

/// The path and the query of the link in a text.
pub fn path(text: &str) -> &str {
    let (_, rest) = text.split_once("https://app.test").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().expect("a path follows")
}
