//! The whole application, with all of its modules.

use kernel::{APP_NAME, Link, Place};
use serde_json::Value;
use testkit::TestApp;

#[tokio::test]
async fn starts_with_all_modules() {
    let app = TestApp::start(app::modules()).await;
    assert_eq!(app.get("/health/ready").await.status, 200);
    assert_eq!(app.get("/").await.status, 200);
}

#[tokio::test]
async fn describes_its_api() {
    let app = TestApp::start(app::modules()).await;
    let document: Value = app.get("/api/openapi.json").await.json();
    assert_eq!(document["info"]["title"], APP_NAME);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(path.starts_with("/api/v1/"), "{path}");
    }
}

#[tokio::test]
async fn every_menu_entry_leads_to_a_page() {
    let app = TestApp::start(app::modules()).await.as_user();
    let links: &[Link] = app.application.state.all();
    for link in links.iter().filter(|link| link.place == Place::Main && (link.show)(app.visitor.as_ref())) {
        let response = app.get(link.path).await;
        assert_eq!(response.status, 200, "{}", link.path);
        assert!(response.body.contains("aria-current=\"page\""), "{}", link.path);
    }
}
