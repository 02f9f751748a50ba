//! Accounts: what somebody can do who has signed in, and what nobody may learn from logs of any kind.

use std::time::Duration;

use auth::commands::{self, Command};
use hyper::{Method, Request};
use serde_json::{Value, json};
use testkit::{Browser, TestApp};

use crate::{
    IDS,
    access::with_id,
    fields::{Attempt, attempts, values},
    messages::injections,
    operations, start,
};

const PASSWORD: &str = "many winds by the sea";

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

/// No operation breaks for somebody who has signed in, whatever is sent in its parameters and fields. Nobody is kept out, so that
/// a refusal proves nothing.
#[tokio::test]
async fn no_field_of_an_account_breaks_an_operation() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    let mut let_in = 0;
    for (method, path, operation) in operations(&app) {
        if path.ends_with("/logout") || (method == Method::DELETE && path.ends_with("/sessions")) {
            continue;
        }
        for value in values() {
            for Attempt { address, headers, body } in attempts(&app, &path, &operation, value) {
                // Otherwise wrong passwords would end the session.
                sqlx::query("DELETE FROM auth_throttle").execute(app.db()).await.expect("it takes changes");
                let request = Request::builder().method(&method).uri(&address);
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                let answer = browser.send(request, body.clone()).await;
                let context = format!("{method} {address} {body}: {} {}", answer.status, answer.body);
                assert!(!answer.status.is_server_error(), "{context}");
                let is_guess = path.ends_with("/login") || path.ends_with("/confirm");
                assert!(is_guess || answer.status != 401, "{context}");
                let_in += usize::from(answer.status.is_success());
            }
        }
    }
    assert!(let_in > 0, "a refusal of all would prove nothing");
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn an_address_adds_no_headers_for_who_has_signed_in() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    for route in app.application.routes().await {
        for address in injections(&with_id(&route.path, IDS[1])) {
            let answer = browser.get(&address).await;
            assert_eq!(answer.header("injected"), "", "{address}");
            assert!(!answer.status.is_server_error() && answer.status != 401, "{address}: {}", answer.status);
        }
    }
    assert_eq!(browser.get("/account").await.status, 200);
}

/// The browser sends the cookie, and the application does not listen.
#[tokio::test]
async fn another_site_does_nothing_in_the_name_of_somebody() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    for route in app.application.routes().await {
        for method in route.methods.split(", ").filter(|method| !matches!(*method, "GET" | "HEAD")) {
            for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
                let request = Request::builder().method(method).uri(with_id(&route.path, IDS[1]));
                let answer = browser.send(request.header(header.0, header.1), "").await;
                assert_eq!(answer.status, 403, "{method} {} {header:?}", route.path);
            }
        }
    }
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

/// Whoever sends a form and is asked for the password first comes back to a page, which may be the one with the form.
#[tokio::test]
async fn a_confirmation_leads_back_to_a_page() {
    let app = start().await;
    account(&app, "ann@example.com").await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    let mut asked = 0;
    app.clock().advance(Duration::from_mins(11));
    for route in app.application.routes().await {
        let is_form = route.methods.contains("POST") && !route.path.starts_with("/api/");
        for referer in ["", "/account/security"].iter().filter(|_| is_form && route.path != "/logout") {
            let form = "application/x-www-form-urlencoded";
            let request = Request::post(with_id(&route.path, IDS[1])).header("content-type", form);
            let answer = browser.send(request.header("referer", format!("https://app.test{referer}")), "").await;
            if !answer.header("location").starts_with("/confirm-access") {
                continue;
            }
            asked += 1;
            let form = browser.follow(&answer).await.form("main form").set("password", PASSWORD);
            let confirmed = browser.submit(&form).await;
            assert_eq!(confirmed.status, 303, "{}", route.path);
            assert_eq!(browser.follow(&confirmed).await.status, 200, "{} {}", route.path, confirmed.header("location"));
            app.clock().advance(Duration::from_mins(11));
        }
    }
    assert!(asked > 10, "{asked}");
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
    let create = Command::Create { email: "ann@example.com".to_owned(), name: None, admin: false };
    let printed = commands::run(&app.application.state, create).await.expect("the address is free");
    let (_, link) = printed.trim().split_once("?token=").expect("a link is printed");
    let reset = json!({ "token": link, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
    for path in ["/api/v1/auth/sign-up", "/api/v1/auth/password/forgot"] {
        assert_eq!(app.post_json(path, &json!({ "email": "ann@example.com" })).await.status, 202);
    }
    app.run_jobs().await;
    let mut browser = sign_in(&app, "ann@example.com").await;
    let request = Request::post("/api/v1/account/tokens").header("content-type", "application/json");
    let made: Value = browser.send(request, "{\"name\":\"x\"}").await.json();
    let cookies = ["session", "device"].map(|name| browser.cookie(name).expect("it is there").to_owned());
    let token = made["token"].as_str().expect("a token is made").to_owned();
    let mut secrets = vec![PASSWORD.to_owned(), link.to_owned(), token];
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
