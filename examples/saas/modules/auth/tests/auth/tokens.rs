//! 15: tokens of the API.

use std::time::Duration;

use auth::commands::{Scope, TokenCommand, run_token};
use axum::routing::get;
use hyper::Request;
use kernel::{Module, Policy};
use serde_json::{Value, json};
use testkit::{Browser, Response, TestApp};
use utoipa_axum::router::OpenApiRouter;

use crate::{ANN, PASSWORD, account, account_with, api, browser, count, drafts, mail_to, modules, run, start, status};

async fn make(browser: &mut Browser<'_>, scope: &str) -> Value {
    let body = json!({ "name": "Backup", "scope": scope }).to_string();
    let made = api(browser, "POST", "/api/v1/account/tokens", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

async fn with(app: &TestApp, token: &str, method: &str, path: &str, body: &str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    app.send(request, body.to_owned()).await
}

#[tokio::test]
async fn a_token_is_shown_once_and_stored_as_a_hash() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let form = browser.get("/account/tokens").await.form("form[action='/account/tokens']").set("name", "Backup");
    let page = browser.submit(&form).await;
    let token = page.one("main code").text();
    assert!(token.starts_with("app_") && token.len() == 53, "{token}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!browser.get("/account/tokens").await.body.contains(&token));
    let query = "SELECT count(*) FROM api_tokens WHERE token_hash LIKE '%' || $1 || '%' OR name = $1";
    let stored: i64 = sqlx::query_scalar(query).bind(&token).fetch_one(app.db()).await.unwrap();
    assert_eq!(stored, 0);
    assert_eq!(with(&app, &token, "GET", "/api/v1/account", "").await.json::<Value>()["email"], ANN);
}

#[tokio::test]
async fn a_token_does_what_it_is_for() {
    let app = start().await;
    account_with(&app, "admin@example.com", true).await;
    let mut browser = browser(&app, "admin@example.com").await;
    let [read, write] = [make(&mut browser, "read").await, make(&mut browser, "write").await];
    let text = |made: &Value| made["token"].as_str().unwrap().to_owned();
    let (read, write) = (text(&read), text(&write));
    for (token, method, path, expected) in [
        (&read, "GET", "/api/v1/account", 200),
        (&read, "PATCH", "/api/v1/account", 403),
        // What manages the account needs a session.
        (&write, "PATCH", "/api/v1/account", 403),
        (&write, "GET", "/api/v1/account/tokens", 403),
        (&write, "POST", "/api/v1/account/tokens", 403),
        (&write, "GET", "/api/v1/account/sessions", 403),
        (&write, "GET", "/api/v1/account/export", 403),
        (&write, "POST", "/api/v1/auth/confirm", 403),
        (&write, "DELETE", "/api/v1/account", 403),
    ] {
        let body = json!({ "name": "x", "password": PASSWORD, "email": "admin@example.com" }).to_string();
        assert_eq!(with(&app, token, method, path, &body).await.status, expected, "{method} {path}");
    }
    assert_eq!(count(&app, "api_tokens").await, 2);
    // A token lets nobody into the pages.
    assert_eq!(with(&app, &write, "GET", "/account", "").await.status, 303);
    let in_query = app.get(&format!("/api/v1/account?access_token={read}")).await;
    assert_eq!((in_query.status.as_u16(), in_query.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn a_token_reads_or_writes_what_other_modules_have() {
    let goods = || OpenApiRouter::new().route("/goods", get(async || "gold").post(async || "sold"));
    let shop = Module::new("shop").api(Policy::SIGNED_IN, goods());
    let safe =
        Module::new("safe").api(Policy::role("admin"), OpenApiRouter::new().route("/safe", get(async || "gold")));
    let app = TestApp::start(modules().into_iter().chain([shop, safe]).collect()).await;
    account_with(&app, "admin@example.com", true).await;
    let mut browser = browser(&app, "admin@example.com").await;
    assert_eq!(status(&mut browser, "/api/v1/safe").await, 200);
    for (scope, writes) in [("read", 403), ("write", 200)] {
        let made = make(&mut browser, scope).await;
        let token = made["token"].as_str().unwrap();
        assert_eq!(with(&app, token, "GET", "/api/v1/goods", "").await.status, 200, "{scope}");
        assert_eq!(with(&app, token, "POST", "/api/v1/goods", "").await.status, writes, "{scope}");
        assert_eq!(with(&app, token, "GET", "/api/v1/safe", "").await.status, 403, "it has no roles");
    }
}

#[tokio::test]
async fn a_token_ends() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let status_of = async |made: &Value| {
        let answer = with(&app, made["token"].as_str().unwrap(), "GET", "/api/v1/account", "").await;
        assert_eq!(answer.header("www-authenticate"), if answer.status == 401 { "Bearer" } else { "" });
        answer.status.as_u16()
    };
    let made = make(&mut browser, "read").await;
    let path = format!("/api/v1/account/tokens/{}", made["id"].as_str().unwrap());
    account(&app, "bob@example.com").await;
    let mut bob = crate::browser(&app, "bob@example.com").await;
    assert_eq!(api(&mut bob, "DELETE", &path, "").await.status, 404);
    assert_eq!(status_of(&made).await, 200);
    assert_eq!(api(&mut browser, "DELETE", &path, "").await.status, 204);
    assert_eq!(status_of(&made).await, 401);

    let made = make(&mut browser, "read").await;
    let deactivate = auth::commands::Command::Deactivate { email: ANN.to_owned() };
    run(&app, deactivate).await.unwrap();
    assert_eq!(status_of(&made).await, 401);
    let activate = auth::commands::Command::Activate { email: ANN.to_owned() };
    run(&app, activate).await.unwrap();
    assert_eq!(status_of(&made).await, 401, "it is gone for good");

    let mut browser = crate::browser(&app, ANN).await;
    let made = make(&mut browser, "read").await;
    app.clock().advance(Duration::from_hours(90 * 24));
    assert_eq!(status_of(&made).await, 401);
}

#[tokio::test]
async fn a_token_counts_for_more_than_a_cookie() {
    let app = start().await;
    account(&app, ANN).await;
    account(&app, "bob@example.com").await;
    let mut ann = browser(&app, ANN).await;
    let made = make(&mut ann, "read").await;
    let mut bob = browser(&app, "bob@example.com").await;
    for (token, expected) in [(made["token"].as_str().unwrap(), 200), ("app_wrong", 401)] {
        let request = Request::get("/api/v1/account").header("authorization", format!("Bearer {token}"));
        let answer = bob.send(request, "").await;
        assert_eq!(answer.status, expected);
        assert!(!answer.body.contains("bob@example.com"));
    }
    let other = Request::get("/api/v1/account").header("authorization", "Basic YW5uOnB3");
    assert_eq!(bob.send(other, "").await.json::<Value>()["email"], "bob@example.com");
}

#[tokio::test]
async fn what_a_token_may_be_is_checked() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    for wrong in [
        json!({ "name": "" }),
        json!({ "name": "x", "expires_in_days": 0 }),
        json!({ "name": "x", "expires_in_days": 366 }),
        json!({ "name": "x", "scope": "admin" }),
    ] {
        let refused = api(&mut browser, "POST", "/api/v1/account/tokens", &wrong.to_string()).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.body);
    }
    let form = browser.get("/account/tokens").await.form("form[action='/account/tokens']");
    let refused = browser.submit(&form.set("name", "x").set("expires_in_days", "soon")).await;
    assert_eq!(refused.status, 422);
    assert_eq!(count(&app, "api_tokens").await, 0);
}

#[tokio::test]
async fn an_end_is_told_a_week_before() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    make(&mut browser, "read").await;
    let clean_up = async || {
        schedules::accept_due::<auth::CleanUp>(&app.application.state).await.unwrap();
        app.run_jobs().await;
    };
    clean_up().await;
    app.clock().advance(Duration::from_hours(82 * 24));
    clean_up().await;
    assert!(drafts(&app).is_empty());
    for _ in 0..3 {
        app.clock().advance(Duration::from_hours(24));
        clean_up().await;
    }
    assert_eq!(drafts(&app).len(), 1);
    assert!(mail_to(&app, ANN).content.text.contains("“Backup”"));
}

#[tokio::test]
async fn tokens_are_managed_with_commands() {
    let app = start().await;
    account(&app, ANN).await;
    let run = |command| run_token(&app.application.state, command);
    let create =
        |scope, days| run(TokenCommand::Create { email: ANN.to_owned(), name: "Backup".to_owned(), scope, days });
    let token = create(Scope::Read, 30).await.unwrap();
    assert_eq!(with(&app, token.trim(), "GET", "/api/v1/account", "").await.status, 200);
    assert!(create(Scope::Read, 400).await.unwrap_err().to_string().contains("from 1 to 365"));
    let list = run(TokenCommand::List { email: ANN.to_owned() }).await.unwrap();
    let id = list.lines().nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(list.contains("Backup") && !list.contains(token.trim()), "{list}");
    run(TokenCommand::Revoke { email: ANN.to_owned(), id }).await.unwrap();
    assert!(run(TokenCommand::Revoke { email: ANN.to_owned(), id }).await.is_err());
    assert_eq!(with(&app, token.trim(), "GET", "/api/v1/account", "").await.status, 401);
    let mut stranger = app.browser();
    assert_eq!(status(&mut stranger, "/api/v1/account/tokens").await, 401);
}
