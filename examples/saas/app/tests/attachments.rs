//! Files at notes.

use serde_json::{Value, json};
use testkit::{Multipart, TestApp};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

async fn names(app: &TestApp) -> Vec<String> {
    let list: Value = app.get("/api/v1/files").await.json();
    let items = list["items"].as_array().expect("a list has items").iter();
    items.map(|file| file["name"].as_str().expect("a file has a name").to_owned()).collect()
}

async fn attach(app: &TestApp, note: &str, name: &str, content: &[u8]) {
    let form = Multipart::new().file("file", name, "image/png", content);
    let answer = app.post_multipart(&format!("{note}/files"), form).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, note), "{}", answer.body);
}

#[tokio::test]
async fn a_note_has_files() {
    let app = TestApp::start(app::modules()).await;
    let (ann, bob) = (app.as_user(), app.as_user());
    let note: Value = ann.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await.json();
    let note = format!("/notes/{}", note["id"].as_str().expect("a note has an id"));
    assert_eq!(ann.get(&note).await.one("form[enctype]").attribute("action"), format!("{note}/files"));
    attach(&ann, &note, "photo.png", PNG).await;
    attach(&ann, &note, "other.png", PNG).await;
    attach(&ann, &note, "page.html", b"<p>").await;
    let page = ann.get(&note).await;
    let links = page.all("main ul li a");
    let shown: Vec<_> = links.iter().map(testkit::Element::text).collect();
    assert_eq!(shown, ["photo.png", "Delete", "other.png", "Delete"]);
    assert_eq!(ann.get(links[0].attribute("href")).await.bytes, PNG);

    let form = Multipart::new().file("file", "photo.png", "image/png", PNG);
    assert_eq!(bob.post_multipart(&format!("{note}/files"), form).await.status, 404);
    let ask = ann.get(links[1].attribute("href")).await.form("main form");
    let deleted = ann.browser().submit(&ask).await;
    assert_eq!(deleted.header("location"), note);
    assert_eq!(names(&ann).await, ["other.png"]);

    // The note takes its files along.
    assert_eq!(ann.post_form(&format!("{note}/delete"), "").await.status, 303);
    assert!(names(&ann).await.is_empty());
}
