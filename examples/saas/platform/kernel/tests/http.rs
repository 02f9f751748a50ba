//! What every answer has in common, and the health checks.

use axum::routing::get;
use hyper::{Request, StatusCode};
use kernel::{Access, Module, Policy, Routes, SignIn};
use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn every_answer_has_security_headers() {
    let app = TestApp::start(Vec::new()).await;
    for path in ["/health/live", "/api/openapi.json", "/nothing"] {
        let response = app.get(path).await;
        assert!(response.header("content-security-policy").starts_with("default-src 'self'"), "{path}");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(response.header("x-frame-options"), "DENY");
        assert_eq!(response.header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn what_must_not_be_transformed_is_sent_as_it_is() {
    let text = || "two bottles ".repeat(1000);
    let fixed = move || async move { ([("cache-control", "private, no-transform")], text()) };
    let pages = Routes::new().route("/plain", get(async move || text())).route("/fixed", get(fixed));
    let app = TestApp::start(vec![Module::new("texts").pages(Policy::PUBLIC, pages)]).await;
    for (path, encoding) in [("/plain", "gzip"), ("/fixed", "")] {
        let response = app.send(Request::get(path).header("accept-encoding", "gzip"), String::new()).await;
        assert_eq!(response.header("content-encoding"), encoding, "{path}");
    }
}

#[tokio::test]
async fn strangers_do_not_choose_the_id_of_a_request() {
    let app = TestApp::start(Vec::new()).await;
    let request = Request::get("/health/live").header("x-request-id", "from-a-stranger");
    let response = app.send(request, String::new()).await;
    assert!(!["", "from-a-stranger"].contains(&response.header("x-request-id")));
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let app = TestApp::start(Vec::new()).await;
    let request = Request::post("/nothing").header("sec-fetch-site", "cross-site");
    assert_eq!(app.send(request, String::new()).await.status, 403);
}

#[tokio::test]
async fn is_alive_and_ready() {
    let app = TestApp::start(Vec::new()).await;
    assert_eq!(app.get("/health/live").await.status, 200);
    let response = app.get("/health/ready").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json::<Value>(), json!({ "status": "ok", "checks": { "database": "ok" } }));
}

#[tokio::test]
async fn is_not_ready_while_a_check_fails() {
    let module = Module::new("cautious").check("disk", |_| Box::pin(async { anyhow::bail!("/dev/sda is full") }));
    let app = TestApp::start(vec![module]).await;
    let response = app.get("/health/ready").await;
    assert_eq!(response.status, 503);
    let checks = json!({ "database": "ok", "disk": "failing" });
    assert_eq!(response.json::<Value>(), json!({ "status": "failing", "checks": checks }));
}

#[tokio::test]
async fn is_not_ready_without_its_database() {
    let app = TestApp::start(Vec::new()).await;
    app.db().close().await;
    let response = app.get("/health/ready").await;
    assert_eq!(response.status, 503);
    assert_eq!(response.json::<Value>()["checks"]["database"], "failing");
}

#[tokio::test]
async fn what_is_personal_is_everybodys_where_nobody_can_sign_in() {
    let diary =
        || Module::new("diary").pages(Policy::PERSONAL, Routes::new().route("/diary", get(async || "Dear diary")));
    let open = TestApp::start(vec![diary()]).await;
    assert_eq!(open.get("/diary").await.status, 200);
    assert_eq!(open.application.routes().await[0].policy.access, Access::Public);

    let accounts = Module::new("accounts").add(SignIn("/sign-in"));
    let closed = TestApp::start(vec![diary(), accounts]).await;
    assert_eq!(
        (closed.get("/diary").await.status, closed.as_user().get("/diary").await.status),
        (StatusCode::UNAUTHORIZED, StatusCode::OK)
    );
    assert_eq!(closed.application.routes().await[0].policy.access, Access::SignedIn);
}
