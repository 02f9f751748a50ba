//! What browsers ask before a page of another origin may use the API.

use axum::{
    http::Method,
    routing::{get, post},
};
use hyper::Request;
use kernel::{Module, Policy, Routes};
use testkit::{Response, TestApp};
use utoipa_axum::router::OpenApiRouter;

const FRIEND: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.example.com";

async fn start(more: &[(&str, &str)]) -> TestApp {
    let api = OpenApiRouter::new().route("/thing", post(async || "done")).route("/panic", get(panic));
    let pages = Routes::new().route("/form", post(async || "done"));
    let modules = vec![Module::new("things").api(Policy::PUBLIC, api).pages(Policy::PUBLIC, pages), cors::module()];
    TestApp::start_with(modules, &[&[("CORS_ORIGINS", FRIEND)], more].concat()).await
}

async fn panic() {
    panic!("on purpose");
}

async fn send(app: &TestApp, method: Method, path: &str, origin: &str) -> Response {
    let request = Request::builder().method(method).uri(path).header("origin", origin);
    app.send(request.header("sec-fetch-site", "cross-site"), String::new()).await
}

async fn preflight(app: &TestApp, origin: &str) -> Response {
    let request = Request::options("/api/v1/thing").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    app.send(request.header("access-control-request-headers", "content-type"), String::new()).await
}

#[tokio::test]
async fn a_preflight_request_is_answered() {
    let response = preflight(&start(&[]).await, FRIEND).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), FRIEND);
    assert_eq!(response.header("access-control-allow-methods"), "POST");
    assert_eq!(response.header("access-control-allow-headers"), "content-type");
    assert_eq!(response.header("access-control-max-age"), "3600");
    assert_eq!(response.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn requests_of_trusted_origins_come_through() {
    let response = send(&start(&[]).await, Method::POST, "/api/v1/thing", FRIEND).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), FRIEND);
    assert!(response.header("access-control-expose-headers").contains("retry-after"));
    assert!(response.header("vary").contains("origin"));
}

#[tokio::test]
async fn errors_carry_the_headers_too() {
    let app = start(&[]).await;
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::GET, "/api/v1/thing", 405),
        (Method::GET, "/api/v1/panic", 500),
    ] {
        let response = send(&app, method, path, FRIEND).await;
        assert_eq!(response.status, status, "{path}");
        assert_eq!(response.header("access-control-allow-origin"), FRIEND, "{path}");
        assert_eq!(response.header("content-type"), "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn other_origins_are_refused() {
    let app = start(&[]).await;
    assert_eq!(preflight(&app, STRANGER).await.header("access-control-allow-origin"), "");
    let response = send(&app, Method::POST, "/api/v1/thing", STRANGER).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn pages_trust_nobody() {
    let response = send(&start(&[]).await, Method::POST, "/form", FRIEND).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn cookies_come_along_when_the_configuration_says_so() {
    let response = preflight(&start(&[("CORS_CREDENTIALS", "true")]).await, FRIEND).await;
    assert_eq!(response.header("access-control-allow-credentials"), "true");
}

#[tokio::test]
async fn nobody_is_trusted_by_default() {
    let app = start(&[("CORS_ORIGINS", "")]).await;
    assert_eq!(send(&app, Method::POST, "/api/v1/thing", FRIEND).await.status, 403);
    assert_eq!(preflight(&app, FRIEND).await.header("access-control-allow-origin"), "");
}
