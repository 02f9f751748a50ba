//! What clients get when something goes wrong.

use std::time::Duration;

use axum::{
    Json,
    extract::Request,
    middleware::{self, Next},
    routing::get,
};
use kernel::{Area, Error, Module, Policy, Result, Routes, Stage};
use serde_json::{Value, json};
use testkit::TestApp;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A module whose handlers fail in every way.
fn failing() -> Module {
    let api = OpenApiRouter::new().routes(routes!(echo)).route("/broken", get(broken));
    let pages = Routes::new()
        .route("/broken", get(broken))
        .route("/panic", get(panic))
        .route("/busy", get(async || Error::Busy(Duration::from_millis(1200))))
        .route("/hang", get(std::future::pending::<()>));
    Module::new("failing").api(Policy::PUBLIC, api).pages(Policy::PUBLIC, pages)
}

#[utoipa::path(post, path = "/echo", responses((status = OK, body = Object)))]
async fn echo(Json(body): Json<Value>) -> Result<Json<Value>> {
    if body["name"] == "" {
        let errors = [("name", "must not be empty".to_owned())];
        return Err(Error::Invalid(errors.into()));
    }
    Ok(Json(body))
}

async fn broken() -> Result<()> {
    Err(anyhow::anyhow!("the password is hunter2").into())
}

async fn panic() {
    panic!("the password is hunter2");
}

#[tokio::test]
async fn api_errors_are_problems_with_the_request_id() {
    let app = TestApp::start(vec![failing()]).await;
    let response = app.get("/api/v1/nothing").await;
    assert_eq!(response.status, 404);
    assert_eq!(response.header("content-type"), "application/problem+json");
    let id = response.header("x-request-id");
    assert!(!id.is_empty());
    let detail = "There is nothing at this address.";
    let problem = json!({ "status": 404, "title": "Not Found", "detail": detail, "request_id": id });
    assert_eq!(response.json::<Value>(), problem);
}

#[tokio::test]
async fn all_of_the_api_answers_with_problems_that_nobody_keeps() {
    let app = TestApp::start(vec![failing()]).await;
    for path in ["/api", "/api/", "/api/nothing", "/api/v1", "/api/v1/", "/api/v1/broken"] {
        let response = app.get(path).await;
        assert!(response.status.is_client_error() || response.status.is_server_error(), "{path}");
        assert_eq!(response.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(response.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/nothing", "/broken", "/apis"] {
        assert_eq!(app.get(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_one() {
    let app = TestApp::start(vec![failing()]).await;
    let response = app.get("/api/v1/echo").await;
    assert_eq!(response.status, 405);
    assert_eq!(response.header("allow"), "POST");
    assert_eq!(response.json::<Value>()["title"], "Method Not Allowed");
}

#[tokio::test]
async fn invalid_values_get_a_message_per_field() {
    let app = TestApp::start(vec![failing()]).await;
    let response = app.post_json("/api/v1/echo", &json!({ "name": "" })).await;
    assert_eq!(response.status, 422);
    let problem: Value = response.json();
    assert_eq!(problem["errors"], json!({ "name": "must not be empty" }));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::start(vec![failing()]).await;
    let body = json!({ "name": "x".repeat(2 * 1024 * 1024) });
    let response = app.post_json("/api/v1/echo", &body).await;
    assert_eq!(response.status, 413);
}

#[tokio::test]
async fn internals_stay_inside() {
    let app = TestApp::start(vec![failing()]).await;
    for path in ["/api/v1/broken", "/broken", "/panic"] {
        let response = app.get(path).await;
        assert_eq!(response.status, 500, "{path}");
        assert!(!response.body.contains("hunter2"), "{path}");
        assert!(response.body.contains("Internal Server Error"), "{path}");
    }
}

#[tokio::test]
async fn a_handler_that_hangs_is_given_up() {
    let app = TestApp::start_with(vec![failing()], &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let response = app.get("/hang").await;
    assert_eq!(response.status, 503);
}

#[tokio::test]
async fn a_layer_around_all_modules_answers_like_a_handler() {
    let gate = Module::new("gate").layer(Stage::Content, |router, area, _| match area {
        Area::Api => router.layer(middleware::from_fn(async |_: Request, _: Next| Error::NotFound)),
        Area::Pages => router,
    });
    let app = TestApp::start(vec![gate, failing()]).await;
    let response = app.get("/api/v1/echo").await;
    assert_eq!((response.status.as_u16(), response.header("content-type")), (404, "application/problem+json"));
    assert_eq!(app.get("/broken").await.status, 500);
    assert_eq!(app.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn what_is_too_busy_says_when_to_come_back() {
    let response = TestApp::start(vec![failing()]).await.get("/busy").await;
    assert_eq!((response.status.as_u16(), response.header("retry-after")), (503, "2"));
}
