use serde_json::{Value, json};
use testkit::TestApp;

async fn start() -> TestApp {
    TestApp::start(vec![notes::module()]).await
}

#[tokio::test]
async fn a_note_is_written_and_listed() {
    let app = start().await;
    let draft = json!({ "title": " Milk ", "body": "two bottles" });
    let response = app.post_json("/api/v1/notes", &draft).await;
    assert_eq!(response.status, 201);
    let note: Value = response.json();
    assert_eq!(note["title"], "Milk");
    assert_eq!(note["words"], Value::Null);

    let listed: Vec<Value> = app.get("/api/v1/notes").await.json();
    assert_eq!(listed, [note]);
}

#[tokio::test]
async fn the_newest_note_comes_first() {
    let app = start().await;
    for title in ["old", "new"] {
        app.post_json("/api/v1/notes", &json!({ "title": title })).await;
    }
    let listed: Vec<Value> = app.get("/api/v1/notes").await.json();
    assert_eq!([&listed[0]["title"], &listed[1]["title"]], ["new", "old"]);
}

#[tokio::test]
async fn an_empty_title_is_refused() {
    let app = start().await;
    let response = app.post_json("/api/v1/notes", &json!({ "title": " ", "body": "" })).await;
    assert_eq!(response.status, 422);
    assert_eq!(response.json::<Value>()["errors"], json!({ "title": "Give the note a title." }));
    assert_eq!(app.get("/api/v1/notes").await.body, "[]");
}

#[tokio::test]
async fn a_note_is_deleted_once() {
    let app = start().await;
    let note: Value = app.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await.json();
    let path = format!("/api/v1/notes/{}", note["id"]);
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.delete(&path).await.status, 404);
    assert_eq!(app.get("/api/v1/notes").await.body, "[]");
}

#[tokio::test]
async fn an_id_must_be_a_number() {
    let response = start().await.delete("/api/v1/notes/milk").await;
    assert_eq!(response.status, 400);
    assert_eq!(response.header("content-type"), "application/problem+json");
}
