//! Notes for tests that do not care what is in them.

use serde_json::{Value, json};
use testkit::{TestApp, unique};

/// Writes a note with a title of its own, and returns it as the API describes it.
pub async fn note(app: &TestApp) -> Value {
    let draft = json!({ "title": unique("note"), "body": "two bottles" });
    app.post_json("/api/v1/notes", &draft).await.json()
}
