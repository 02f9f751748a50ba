//! Clients that ask too much have to wait.

use axum::{
    extract::State,
    routing::{get, post},
};
use clients::ClientIp;
use hyper::{Request, StatusCode};
use kernel::{AppState, Error, Module, Policy, Routes};
use rate_limits::{Exempt, Limits, Quota};
use serde_json::Value;
use testkit::{Response, TestApp};
use utoipa_axum::{router::OpenApiRouter, routes};

const LIMITS: [(&str, &str); 3] = [("RATE_LIMIT_API", "2/2"), ("RATE_LIMIT_PAGES", "3/3"), ("RATE_LIMIT_FORMS", "1/1")];

fn modules() -> Vec<Module> {
    let pages = Routes::new().route("/page", get(async || "page").merge(post(async || "sent")));
    let api = OpenApiRouter::new().routes(routes!(thing));
    vec![
        clients::module(),
        rate_limits::module(),
        Module::new("things").api(Policy::PUBLIC, api).pages(Policy::PUBLIC, pages),
    ]
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
    let things = Module::new("things").api(Policy::PUBLIC, OpenApiRouter::new().routes(routes!(thing)));
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
async fn what_proves_where_it_comes_from_is_not_counted() {
    let hooks = Routes::new().route("/hooks/{name}", post(async || "taken"));
    let hooks = Module::new("hooks").pages(Policy::PUBLIC, hooks).add(Exempt("/hooks/"));
    let app = TestApp::start_with(modules().into_iter().chain([hooks]).collect(), &LIMITS).await;
    for _ in 0..5 {
        assert_eq!(app.post_form("/hooks/mail", "").await.status, 200);
    }
    assert_eq!(
        (app.post_form("/page", "").await.status, app.post_form("/page", "").await.status.as_u16()),
        (StatusCode::OK, 429)
    );
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

/// The password is `right`.
async fn sign_in(State(state): State<AppState>, client: ClientIp, account: String) -> kernel::Result<String> {
    let (account, password) = account.split_once(' ').unwrap_or_default();
    let keys = [client.into(), account.into()];
    let permit = state.service::<Limits>().take("sign-in", &keys, Quota::per_minute(3))?;
    if password == "right" {
        permit.refund();
        return Ok("welcome".to_owned());
    }
    Err(Error::Forbidden)
}

#[tokio::test]
async fn modules_limit_what_they_like() {
    let api = OpenApiRouter::new().route("/sign-in", post(sign_in));
    let modules = vec![clients::module(), rate_limits::module(), Module::new("people").api(Policy::PUBLIC, api)];
    let app = TestApp::start_with(modules, &[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let attempt = async |client: &str, attempt: &str| {
        let request = Request::post("/api/v1/sign-in").header("x-forwarded-for", client);
        app.send(request, attempt.to_owned()).await
    };
    // Who knows the password is never limited.
    for _ in 0..10 {
        assert_eq!(attempt("203.0.113.1", "ada right").await.status, 200);
    }
    // An account is guarded against many addresses, and all accounts against one address.
    for client in ["203.0.113.2", "203.0.113.3", "203.0.113.4"] {
        assert_eq!(attempt(client, "ada wrong").await.status, 403);
    }
    let refused = attempt("203.0.113.5", "ada right").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    let advice = format!("This is more than is allowed. Try again in {wait} s.");
    assert_eq!(refused.json::<Value>()["detail"], advice);
    for account in ["bob wrong", "eve wrong", "joe wrong"] {
        assert_eq!(attempt("203.0.113.6", account).await.status, 403);
    }
    assert_eq!(attempt("203.0.113.6", "zoe right").await.status, 429);
    assert_eq!(attempt("203.0.113.7", "zoe right").await.status, 200);
}
