//! Accounts: what somebody can do who has signed in, and what nobody may learn from logs of any kind.

use auth::commands::{self, Command};
use hyper::{Method, Request};
use mailer::Drafts;
use serde_json::{Value, json};
use testkit::{Browser, TestApp};

use crate::{encoded, operations, start};

const PASSWORD: &str = "many winds by the sea";

const HOSTILE: [&str; 6] = ["' OR '1'='1", "<script>alert(1)</script>", "\0", "\u{202e}", "-1", "../../etc/passwd"];

async fn account(app: &TestApp, email: &str) {
    let create = Command::Create { email: email.to_owned(), name: None, admin: false };
    let printed = commands::run(&app.application.state, create).await.expect("the address is free");
    let (_, token) = printed.trim().split_once("?token=").expect("a link is printed");
    let reset = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
}

async fn sign_in<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("main form").set("email", email).set("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.status, 303);
    browser
}

/// No operation breaks for somebody who has signed in, whatever is sent in its fields.
#[tokio::test]
async fn no_field_of_an_account_breaks_an_operation() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    let mut let_in = 0;
    for (method, path, _) in operations(&app) {
        let ends_it = path.ends_with("/logout") || (method == Method::DELETE && path.ends_with("/sessions"));
        if !path.contains("/account") && !path.contains("/auth/") || ends_it {
            continue;
        }
        for hostile in HOSTILE {
            let body = json!({
                "name": hostile, "email": hostile, "token": hostile, "password": hostile, "current": hostile,
            });
            for body in [
                body.to_string(),
                json!({ "name": hostile }).to_string(),
                json!({ "email": hostile }).to_string(),
                String::new(),
            ] {
                let uri = format!("{path}?except={}", encoded(hostile));
                for uri in [path.as_str(), &uri] {
                    // Otherwise wrong passwords would end the session.
                    sqlx::query("DELETE FROM auth_throttle").execute(app.db()).await.expect("it takes changes");
                    let request =
                        Request::builder().method(&method).uri(uri).header("content-type", "application/json");
                    let answer = browser.send(request, body.clone()).await;
                    assert!(!answer.status.is_server_error(), "{method} {uri} {body}: {}", answer.body);
                    let_in += usize::from(answer.status.is_success());
                }
            }
        }
    }
    assert!(let_in > 0, "a refusal of all would prove nothing");
    assert_eq!(browser.get("/account").await.status, 200);
}

/// What people call themselves never becomes markup, on no page and in no mail.
#[tokio::test]
async fn a_name_never_becomes_markup() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    let name = "<script>alert(1)</script>\"'><img src=x>";
    let form = browser.get("/account").await.form("form[action='/account']").set("name", name);
    browser.submit(&form).await;
    let form = browser.get("/account/tokens").await.form("form[action='/account/tokens']").set("name", name);
    browser.submit(&form).await;
    for path in ["/", "/account", "/account/security", "/account/tokens", "/nothing-here"] {
        let page = browser.get(path).await.body;
        assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{path}: {page}");
    }
}

/// Nobody chooses the own role, password or id by naming it.
#[tokio::test]
async fn fields_that_are_not_offered_are_refused() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    for extra in ["role", "password", "id", "email", "version"] {
        let body = json!({ "name": "Ann", extra: "admin" }).to_string();
        let request = Request::patch("/api/v1/account").header("content-type", "application/json");
        assert_eq!(browser.send(request, body).await.status, 422, "{extra}");
    }
    let form = "name=Ann&role=admin&email=eve@example.com";
    let request = Request::post("/account").header("content-type", "application/x-www-form-urlencoded");
    browser.send(request, form).await;
    let user: Value = browser.get("/api/v1/account").await.json();
    assert_eq!((&user["role"], &user["email"]), (&json!("user"), &json!("ann@example.com")));
}

/// 15: nothing that is stored has a secret of a whole life in it.
#[tokio::test]
async fn no_secret_is_stored() {
    let app = start().await;
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": "ann@example.com" })).await;
    app.run_jobs().await;
    let state = &app.application.state;
    // A module that delivers keeps its mails itself: then there are no drafts.
    let Some(mail) = state.service::<Drafts>().all().pop() else { return };
    let token = |text: &str| {
        let (_, rest) = text.split_once("?token=").expect("the mail has a link");
        rest.split_whitespace().next().expect("a token follows").to_owned()
    };
    let link = token(&mail.content.text);
    let confirm = json!({ "token": link, "name": "Ann", "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/sign-up/confirm", &confirm).await.status, 201);
    let mut browser = sign_in(&app, "ann@example.com").await;
    let request = Request::post("/api/v1/account/tokens").header("content-type", "application/json");
    let made: Value = browser.send(request, "{\"name\":\"x\"}").await.json();
    let cookies = ["session", "device"].map(|name| browser.cookie(name).expect("it is there").to_owned());
    let mut secrets = vec![PASSWORD.to_owned(), link, made["token"].as_str().expect("a token is made").to_owned()];
    secrets.extend(cookies);
    let mut stored = String::new();
    for (table, columns) in [
        ("_jobs", ["kind", "payload", "description"]),
        ("users", ["email", "name", "password"]),
        ("sessions", ["token_hash", "client", "agent"]),
        ("links", ["purpose", "email", "purpose"]),
        ("api_tokens", ["name", "token_hash", "scope"]),
        ("activity", ["kind", "client", "agent"]),
        ("auth_throttle", ["key", "key", "key"]),
    ] {
        for column in columns {
            let query = sqlx::AssertSqlSafe(format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL"));
            stored.extend(sqlx::query_scalar::<_, String>(query).fetch_all(app.db()).await.expect("it can be read"));
        }
    }
    for secret in secrets {
        // Of a link and of the cookie of a device, the signature.
        let (_, secret) = secret.rsplit_once('.').unwrap_or(("", &secret));
        assert!(!stored.contains(secret), "a secret is stored");
    }
}
