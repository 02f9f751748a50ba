//! The notes: what people type into forms, and what lists are asked for.

use hyper::Method;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::{encoded, send, start};

const FORM: &str = "application/x-www-form-urlencoded";

const MARKUP: [&str; 6] = [
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "<!--<script>",
    "</title><script>",
];

const SQL: [&str; 7] = [
    "'; DROP TABLE notes; --",
    "' OR '1'='1",
    "x' UNION SELECT id, title, body, 1, created_at, 1 FROM notes --",
    "%",
    "_",
    "\\",
    "Milk') OR 1=1 --",
];

/// A field of all notes, the oldest first.
async fn all(app: &TestApp, field: &str) -> Vec<String> {
    let list: Value = app.get("/api/v1/notes?sort=created_at&limit=100").await.json();
    let items = list["items"].as_array().expect("a list has items");
    items.iter().map(|note| note[field].as_str().expect("a note has the field").to_owned()).collect()
}

async fn titles(app: &TestApp) -> Vec<String> {
    all(app, "title").await
}

#[tokio::test]
async fn what_people_write_never_becomes_markup() {
    let app = start().await.as_user();
    for text in MARKUP {
        assert_eq!(app.post_form("/notes", &format!("title={0}&body={0}", encoded(text))).await.status, 303, "{text}");
    }
    let refused = app.post_form("/notes", &format!("title=&body={}", encoded(MARKUP[1]))).await;
    assert_eq!(refused.status, 422);
    let mut pages = vec![refused.body, app.get("/notes").await.body];
    for text in MARKUP {
        pages.push(app.get(&format!("/notes?title={}", encoded(text))).await.body);
    }
    for id in all(&app, "id").await {
        pages.push(app.get(&format!("/notes/{id}")).await.body);
    }
    for page in pages {
        assert!(page.contains("&#60;") || page.contains("&#39;"), "{page}");
        for markup in ["<script>", "<img src=x", "<!--", "' autofocus"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}

#[tokio::test]
async fn a_filter_finds_what_it_says_and_nothing_else() {
    let app = start().await.as_user();
    app.post_json("/api/v1/notes", &json!({ "title": "Milk", "body": "two bottles" })).await;
    for value in SQL {
        for name in ["title", "body"] {
            let answer = app.get(&format!("/api/v1/notes?{name}={}", encoded(value))).await;
            assert_eq!((answer.status.as_u16(), &answer.json::<Value>()["items"]), (200, &json!([])), "{name}={value}");
        }
        for name in ["sort", "limit", "cursor", "words", "created_at.from", "created_at.to", "title; DROP TABLE notes"]
        {
            let answer = app.get(&format!("/api/v1/notes?{}={}", encoded(name), encoded(value))).await;
            assert_eq!(answer.status, 400, "{name}={value}");
            assert!(answer.json::<Value>()["errors"][name].is_string(), "{name}={value}: {}", answer.body);
        }
        let answer = send(&app, &Method::DELETE, &format!("/api/v1/notes/{}", encoded(value)), &[], "").await;
        assert_eq!(answer.status, 400, "{value}");
    }
    assert_eq!(titles(&app).await, ["Milk"]);
}

/// A cursor is read from what a client sends: its order and values are as foreign as any other.
#[tokio::test]
async fn a_forged_cursor_is_refused() {
    let app = start().await.as_user();
    for title in ["Milk", "Bread"] {
        app.post_json("/api/v1/notes", &json!({ "title": title })).await;
    }
    let first = app.get("/api/v1/notes?sort=title&limit=1").await.json::<Value>();
    let cursor = first["next"].as_str().expect("there is another page").to_owned();
    assert_eq!(app.get(&format!("/api/v1/notes?sort=title&cursor={cursor}")).await.status, 200);
    let mut forged: Vec<String> = (0..cursor.len()).map(|end| cursor[..end].to_owned()).collect();
    forged.extend([format!("{cursor}{cursor}"), format!("{cursor}%3D"), cursor.to_lowercase()]);
    for forged in forged.iter().filter(|forged| !forged.is_empty()) {
        let answer = app.get(&format!("/api/v1/notes?sort=title&cursor={forged}")).await;
        assert_eq!(answer.status, 400, "{forged}: {}", answer.body);
    }
    for sort in ["-title", "created_at", "words", "title,words"] {
        let answer = app.get(&format!("/api/v1/notes?sort={sort}&cursor={cursor}")).await;
        assert_eq!(answer.status, 400, "{sort}");
    }
}

/// Not every database has such a character in its texts, and other programs end a text there.
#[tokio::test]
async fn a_text_that_cannot_be_stored_is_refused() {
    let app = start().await.as_user();
    for draft in [json!({ "title": "Mi\0lk", "body": "" }), json!({ "title": "Milk", "body": "\0" })] {
        let refused = app.post_json("/api/v1/notes", &draft).await;
        assert_eq!(refused.status, 422, "{draft}: {}", refused.body);
    }
    for form in ["title=Mi%00lk&body=", "title=Milk&body=%00"] {
        assert_eq!(app.post_form("/notes", form).await.status, 422, "{form}");
    }
    assert!(titles(&app).await.is_empty());
}

#[tokio::test]
async fn another_site_neither_writes_nor_deletes_notes() {
    let app = start().await.as_user();
    app.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await;
    let id = &all(&app, "id").await[0];
    for (method, path, body) in [
        (Method::POST, "/notes".to_owned(), "title=Lead&body="),
        (Method::POST, format!("/notes/{id}"), "version=1&title=Lead&body="),
        (Method::POST, format!("/notes/{id}/delete"), ""),
        (Method::POST, "/api/v1/notes".to_owned(), "{\"title\":\"Lead\"}"),
        (Method::PUT, format!("/api/v1/notes/{id}"), "{\"title\":\"Lead\"}"),
        (Method::DELETE, format!("/api/v1/notes/{id}"), ""),
    ] {
        let kind = if path.starts_with("/api") { "application/json" } else { FORM };
        let headers = [("origin", "https://evil.example"), ("content-type", kind), ("if-match", "*")];
        assert_eq!(send(&app, &method, &path, &headers, body).await.status, 403, "{method} {path}");
    }
    for path in [format!("/notes/{id}/delete"), format!("/notes/{id}/delete?_method=POST")] {
        assert_eq!(app.get(&path).await.status, 200, "{path} asks, and no more");
    }
    assert_eq!(titles(&app).await, ["Milk"]);
}
