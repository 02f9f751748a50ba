//! Clients that ask too much have to wait.

use axum::{
    Router,
    routing::{get, post},
};
use hyper::Request;
use kernel::Module;
use serde_json::Value;
use testkit::{Response, TestApp};
use utoipa_axum::{router::OpenApiRouter, routes};

const LIMITS: [(&str, &str); 3] = [("RATE_LIMIT_API", "2/2"), ("RATE_LIMIT_PAGES", "3/3"), ("RATE_LIMIT_FORMS", "1/1")];

fn modules() -> Vec<Module> {
    let pages = Router::new().route("/page", get(async || "page").merge(post(async || "sent")));
    let api = OpenApiRouter::new().routes(routes!(thing));
    vec![clients::module(), rate_limits::module(), Module::new("things").api(api).pages(pages)]
}

async fn start(more: &[(&str, &str)]) -> TestApp {
    TestApp::start_with(modules(), &[&LIMITS, more].concat()).await
}

async fn get_as(app: &TestApp, forwarded_for: &str) -> Response {
    app.send(Request::get("/api/v1/thing").header("x-forwarded-for", forwarded_for), String::new()).await
}

#[tokio::test]
async fn the_api_refuses_with_a_problem_and_says_when_to_come_back() {
    let app = start(&[]).await;
    let first = app.get("/api/v1/thing").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), "\"api\";q=2;w=60");
    assert_eq!(first.header("ratelimit"), "\"api\";r=1;t=30");
    assert_eq!(app.get("/api/v1/nothing").await.status, 404);

    let refused = app.get("/api/v1/thing").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(refused.header("ratelimit"), "\"api\";r=0;t=30");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.json::<Value>()["detail"], "This is more than is allowed. Try again in 30 s.");
}

#[utoipa::path(get, path = "/thing", responses((status = OK, body = String)))]
async fn thing() -> &'static str {
    "thing"
}

#[test]
fn the_api_document_tells_of_the_limits() {
    let things = Module::new("things").api(OpenApiRouter::new().routes(routes!(thing)));
    let document = kernel::openapi(&[rate_limits::module(), things]);
    let document = serde_json::to_value(document).expect("the document can be written");
    let refusal = &document["paths"]["/api/v1/thing"]["get"]["responses"]["429"];
    assert_eq!(refusal["headers"]["Retry-After"]["schema"]["type"], "integer");
}

#[tokio::test]
async fn pages_forms_and_the_api_count_separately() {
    let app = start(&[]).await;
    assert_eq!(app.post_form("/page", "").await.status, 200);
    let refused = app.post_form("/page", "").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("content-type").starts_with("text/html"));
    for _ in 0..3 {
        assert_eq!(app.get("/page").await.status, 200);
    }
    assert_eq!(app.get("/page").await.status, 429);
    assert_eq!(app.get("/api/v1/thing").await.status, 200);
}

#[tokio::test]
async fn health_checks_are_never_limited() {
    let app = start(&[]).await;
    for _ in 0..10 {
        assert_eq!(app.get("/health/live").await.status, 200);
    }
}

#[tokio::test]
async fn a_forged_header_does_not_help() {
    let app = start(&[("TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    for (forged, status) in [("198.51.100.1", 200), ("198.51.100.2", 200), ("198.51.100.3", 429), ("10.0.0.1", 429)] {
        assert_eq!(get_as(&app, forged).await.status, status, "{forged}");
    }
}

#[tokio::test]
async fn a_forged_prefix_does_not_help_behind_a_trusted_proxy() {
    let app = start(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    for (header, status) in [
        ("198.51.100.1, 203.0.113.7", 200),
        ("198.51.100.2, 203.0.113.7", 200),
        ("198.51.100.3, 203.0.113.7", 429),
        ("203.0.113.7, 203.0.113.8", 200),
    ] {
        assert_eq!(get_as(&app, header).await.status, status, "{header}");
    }
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let app = start(&[("RATE_LIMIT_API", "off")]).await;
    for _ in 0..10 {
        let response = app.get("/api/v1/thing").await;
        assert_eq!((response.status.as_u16(), response.header("ratelimit")), (200, ""));
    }
}
