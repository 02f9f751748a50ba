//! What the shop promises.

use testkit::TestApp;

#[tokio::test]
async fn opens() {
    let app = TestApp::start(app::modules()).await;
    assert_eq!(app.get("/").await.status, 200);
}
