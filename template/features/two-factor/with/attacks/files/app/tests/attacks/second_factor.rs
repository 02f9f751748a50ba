//! The second factor: what somebody reaches who knows a password and has no code.

use auth::commands::{self, Command};
use hyper::{Method, Request};
use kernel::{Access, MountedRoute};
use serde_json::json;
use testkit::{Browser, Response, TestApp};

use crate::{IDS, encoded, start_with};

const PASSWORD: &str = "many winds by the sea";
const ANN: &str = "ann@example.com";

async fn start(required: &str) -> TestApp {
    let app = start_with(&[("REQUIRE_TWO_FACTOR", required)]).await;
    let create = Command::Create { email: ANN.to_owned(), name: None, admin: true };
    let printed = commands::run(&app.application.state, create).await.expect("the address is free");
    let (_, token) = printed.trim().split_once("?token=").expect("a link is printed");
    let reset = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
    app
}

/// With a key that nobody knows.
async fn turn_on(app: &TestApp) {
    let query = "INSERT INTO two_factor (user_id, salt, last_step, codes_saved, confirmed_at) \
                 SELECT id, 'salt', 0, 1, created_at FROM users";
    sqlx::query(query).execute(app.db()).await.expect("it takes changes");
}

async fn sign_in(app: &TestApp) -> (Browser<'_>, Response) {
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("main form").set("email", ANN).set("password", PASSWORD);
    let response = browser.submit(&form).await;
    assert_eq!(response.status, 303);
    (browser, response)
}

/// Each method of each route that wants somebody, with an id for each of its parameters.
async fn closed(app: &TestApp) -> Vec<(Method, String)> {
    let mut closed = Vec::new();
    for MountedRoute { methods, path, policy } in app.application.routes().await {
        if policy.access == Access::Public {
            continue;
        }
        let parts = path.split('/').map(|part| if part.starts_with('{') { IDS[1] } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let methods = methods.split(", ").filter_map(|method| method.parse().ok());
        closed.extend(methods.map(|method: Method| (method, path.clone())));
    }
    assert!(closed.len() > 20, "{closed:?}");
    closed
}

async fn send(browser: &mut Browser<'_>, method: &Method, path: &str) -> Response {
    browser.send(Request::builder().method(method).uri(path), "").await
}

/// 12: a login that waits for a code reaches nothing, under whatever name its cookie comes.
#[tokio::test]
async fn a_login_that_waits_opens_nothing() {
    let app = start("none").await;
    turn_on(&app).await;
    let (browser, response) = sign_in(&app).await;
    assert_eq!(response.header("location"), "/login/code");
    let token = browser.cookie("pending").expect("the login waits").to_owned();
    for (method, path) in closed(&app).await {
        for name in ["pending", "session", "device", "link"] {
            let request = Request::builder().method(&method).uri(&path).header("cookie", format!("{name}={token}"));
            let answer = app.send(request, "").await;
            let is_refused = answer.status == 401 || answer.header("location").starts_with("/login");
            assert!(is_refused, "{method} {path} with {name}: {}", answer.status);
        }
        let request = Request::builder().method(&method).uri(&path).header("authorization", format!("Bearer {token}"));
        let answer = app.send(request, "").await;
        assert!([401, 303].contains(&answer.status.as_u16()), "{method} {path} as a token: {}", answer.status);
    }
}

/// 12: whoever has to have a second factor, and has none, sets it up or leaves.
#[tokio::test]
async fn without_a_second_factor_all_is_closed_where_it_is_required() {
    let app = start("all").await;
    let (mut browser, _) = sign_in(&app).await;
    let open = ["/account/two-factor", "/api/v1/account/two-factor", "/api/v1/auth/", "/confirm-access"];
    for (method, path) in closed(&app).await {
        if open.iter().any(|open| path.starts_with(open)) {
            continue;
        }
        let answer = send(&mut browser, &method, &path).await;
        let is_sent_there = answer.header("location") == "/account/two-factor";
        assert!(answer.status == 403 || is_sent_there, "{method} {path}: {}", answer.status);
    }
    turn_on(&app).await;
    assert_eq!(browser.get("/account").await.status, 200, "otherwise all of this would prove nothing");
}

/// Whatever is sent as a code, it is a wrong one.
#[tokio::test]
async fn no_code_breaks_a_login() {
    let app = start("none").await;
    turn_on(&app).await;
    let long = "7".repeat(100_000);
    for code in
        ["", "' OR '1'='1", "<script>alert(1)</script>", "\0", "-00001", "+00001", "１２３４５６", "1e5000", &long]
    {
        sqlx::query("DELETE FROM auth_throttle").execute(app.db()).await.expect("it takes changes");
        let (mut browser, _) = sign_in(&app).await;
        let request = Request::post("/login/code").header("content-type", "application/x-www-form-urlencoded");
        let page = browser.send(request, format!("code={}", encoded(code))).await;
        assert_eq!(page.status, 401, "{code}");
        assert!(!page.body.contains("<script>alert"), "{code}");
        let request = Request::post("/api/v1/auth/second-factor").header("content-type", "application/json");
        assert_eq!(browser.send(request, json!({ "code": code }).to_string()).await.status, 401, "{code}");
        assert!(browser.cookie("session").is_none(), "{code}");
    }
}
