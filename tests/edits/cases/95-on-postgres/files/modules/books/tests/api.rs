//! The API of the books.

use serde_json::Value;
use testkit::TestApp;

#[tokio::test]
async fn the_shelf_is_empty_at_first() {
    let app = TestApp::start(vec![books::module()]).await;
    let list: Value = app.get("/api/v1/books").await.json();
    assert_eq!(list["items"], Value::Array(Vec::new()));
    assert_eq!(app.get("/api/v1/books/1").await.status, 404);
}
