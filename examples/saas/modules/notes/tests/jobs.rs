use serde_json::{Value, json};
use testkit::TestApp;

async fn write(app: &TestApp, body: &str) -> Value {
    let draft = json!({ "title": "Milk", "body": body });
    app.post_json("/api/v1/notes", &draft).await.json()
}

#[tokio::test]
async fn the_words_of_a_new_note_are_counted() {
    let app = TestApp::start(vec![notes::module()]).await;
    write(&app, "two  bottles\nof milk").await;
    write(&app, "").await;
    app.run_jobs().await;

    let list: Value = app.get("/api/v1/notes").await.json();
    assert_eq!([&list["items"][0]["words"], &list["items"][1]["words"]], [0, 4]);
}

#[tokio::test]
async fn a_note_may_be_gone_before_its_words_are_counted() {
    let app = TestApp::start(vec![notes::module()]).await;
    let note = write(&app, "two bottles").await;
    app.delete(&format!("/api/v1/notes/{}", note["id"].as_str().unwrap())).await;
    app.run_jobs().await;
    let list: Value = app.get("/api/v1/notes").await.json();
    assert_eq!(list["items"], json!([]));
}
