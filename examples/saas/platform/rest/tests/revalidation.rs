//! What answers say about keeping them.

use axum::{http::header, routing::get};
use hyper::Request;
use kernel::{Error, Module, Policy, Result, Routes};
use rest::ETag;
use testkit::{Response, TestApp};

/// Answers of every kind.
fn answers() -> Module {
    let pages = Routes::new()
        .route("/plain", get(async || "unchanging").post(async || "done"))
        .route("/versioned", get(async || (ETag::of_version(3), "three")))
        .route("/asset", get(async || ([(header::CACHE_CONTROL, "public, max-age=60")], "kept")))
        .route("/gone", get(async || Result::<()>::Err(Error::NotFound)));
    Module::new("answers").pages(Policy::PUBLIC, pages)
}

async fn start() -> TestApp {
    TestApp::start(vec![rest::module(), answers()]).await
}

async fn ask(app: &TestApp, path: &str, known: &str) -> Response {
    app.send(Request::get(path).header("if-none-match", known), String::new()).await
}

#[tokio::test]
async fn a_client_gets_what_it_has_only_once() {
    let app = start().await;
    for path in ["/plain", "/versioned", "/api/openapi.json"] {
        let first = app.get(path).await;
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        let tag = first.header("etag");
        let again = ask(&app, path, &format!("\"old\", {tag}")).await;
        assert_eq!((again.status.as_u16(), again.body.as_str(), again.header("etag")), (304, "", tag), "{path}");
        assert_eq!((again.header("content-type"), again.header("cache-control")), ("", "private, no-cache"), "{path}");
        let changed = ask(&app, path, "\"old\"").await;
        assert_eq!((changed.status.as_u16(), changed.body), (200, first.body), "{path}");
    }
}

#[tokio::test]
async fn a_handler_may_know_its_state_itself() {
    assert_eq!(start().await.get("/versioned").await.header("etag"), "\"3\"");
}

#[tokio::test]
async fn other_answers_stay_as_they_are() {
    let app = start().await;
    let asset = ask(&app, "/asset", "*").await;
    assert_eq!((asset.status.as_u16(), asset.header("cache-control")), (200, "public, max-age=60"));
    let errors_and_changes = [(ask(&app, "/gone", "*").await, "no-store"), (app.post_form("/plain", "").await, "")];
    for (response, kept) in errors_and_changes {
        assert_eq!((response.header("etag"), response.header("cache-control")), ("", kept));
        assert!(!response.body.is_empty());
    }
}
