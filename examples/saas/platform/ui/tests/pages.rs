//! The pages that every project has.

use axum::http::Request;
use kernel::{APP_NAME, Link, Module};
use testkit::TestApp;

async fn start() -> TestApp {
    let library =
        Module::new("library").link(Link { label: "Books <new>", path: "/books", about: "Everything to read" });
    TestApp::start(vec![ui::module(), library]).await
}

#[tokio::test]
async fn home_shows_the_modules_and_needs_no_script() {
    let response = start().await.get("/").await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").starts_with("text/html"));
    assert!(response.body.contains(APP_NAME));
    assert!(response.body.contains("Everything to read"));
    assert!(!response.body.contains("<new>"), "labels are escaped");
    assert!(!response.body.contains("<script"));
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_a_year() {
    let app = start().await;
    let home = app.get("/").await.body;
    let path = home.split('"').find(|part| part.starts_with("/assets/app-")).expect("the page links a stylesheet");
    let response = app.get(path).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "text/css");
    assert!(response.header("cache-control").contains("immutable"));
    assert_eq!(response.header("content-encoding"), "");

    for (accepted, encoding) in [("br, gzip;q=0.8", "gzip"), ("gzip;q=0, br", "")] {
        let request = Request::head(path).header("accept-encoding", accepted);
        assert_eq!(app.send(request, String::new()).await.header("content-encoding"), encoding, "{accepted}");
    }
}

#[tokio::test]
async fn an_unknown_page_is_friendly() {
    let response = start().await.get("/nothing-here").await;
    assert_eq!(response.status, 404);
    assert!(response.header("content-type").starts_with("text/html"));
    assert!(response.body.contains("Page not found"));
    assert!(response.body.contains(response.header("x-request-id")));
}
