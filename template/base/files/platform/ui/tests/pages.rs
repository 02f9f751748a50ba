//! The pages that every project has.

use axum::http::Request;
use kernel::{APP_NAME, Link, Module, Place};
use testkit::TestApp;

async fn start() -> TestApp {
    let library =
        Module::new("library").link(Link::new(Place::Main, "Books <new>", "/books").about("Everything to read"));
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

async fn stylesheet(app: &TestApp) -> String {
    let home = app.get("/").await.body;
    let path = home.split('"').find(|part| part.starts_with("/assets/app-"));
    path.expect("the page links a stylesheet").to_owned()
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_a_year() {
    let app = start().await;
    let path = stylesheet(&app).await;
    let response = app.get(&path).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "text/css");
    assert!(response.header("cache-control").contains("immutable"));
    assert_eq!(response.header("content-encoding"), "");

    for (accepted, encoding) in [("br, gzip;q=0.8", "gzip"), ("gzip;q=0, br", "")] {
        let request = Request::head(&path).header("accept-encoding", accepted);
        assert_eq!(app.send(request, String::new()).await.header("content-encoding"), encoding, "{accepted}");
    }
}

#[tokio::test]
async fn a_page_of_another_release_gets_the_stylesheet_of_this_one_and_does_not_keep_it() {
    let app = start().await;
    let path = stylesheet(&app).await;
    let current = app.get(&path).await;
    let hash = path.trim_start_matches("/assets/app-").trim_end_matches(".css");
    assert_eq!(hash.len(), 32, "no two files share 128 bits of SHA-256");
    let other = app.get(&path.replace(hash, &"0".repeat(32))).await;
    assert_eq!((other.status, &other.body), (current.status, &current.body));
    assert_eq!([other.header("content-type"), other.header("cache-control")], ["text/css", "no-cache"]);

    for unknown in ["app.css", "app-.css", "app-00.css", &format!("{hash}.css"), &format!("icon-{hash}.css")] {
        assert_eq!(app.get(&format!("/assets/{unknown}")).await.status, 404, "{unknown}");
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
