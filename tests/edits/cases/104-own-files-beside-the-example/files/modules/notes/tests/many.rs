//! Many notes.

use testkit::TestApp;

#[tokio::test]
async fn the_list_begins_empty() {
    let app = TestApp::start(vec![ui::module(), notes::module()]).await;
    let page = app.browser().get("/notes").await;
    assert!(page.body.contains("No notes yet"));
}
