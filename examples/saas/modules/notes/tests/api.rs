use std::sync::Arc;

use hyper::Request;
use serde_json::{Value, json};
use testkit::{Response, TestApp};
use time::OffsetDateTime;
use tokio::task::JoinSet;

async fn start() -> TestApp {
    TestApp::start(vec![rest::module(), notes::module()]).await
}

/// Writes a note and returns its path.
async fn write(app: &TestApp, title: &str) -> String {
    let response = app.post_json("/api/v1/notes", &json!({ "title": title })).await;
    assert_eq!(response.status, 201);
    response.header("location").to_owned()
}

async fn put(app: &TestApp, path: &str, tag: Option<&str>, body: &Value) -> Response {
    let mut request = Request::put(path).header("content-type", "application/json");
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    app.send(request, body.to_string()).await
}

async fn titles(app: &TestApp, path: &str) -> Vec<String> {
    let list: Value = app.get(path).await.json();
    let items = list["items"].as_array().expect("a list has items").iter();
    items.map(|note| note["title"].as_str().expect("a note has a title").to_owned()).collect()
}

#[tokio::test]
async fn a_note_is_written_and_read() {
    let app = start().await;
    let draft = json!({ "title": " Milk ", "body": "two bottles" });
    let response = app.post_json("/api/v1/notes", &draft).await;
    assert_eq!(response.status, 201);
    let note: Value = response.json();
    assert_eq!(note["title"], "Milk");
    assert_eq!(note["words"], Value::Null);

    let read = app.get(response.header("location")).await;
    assert_eq!(read.json::<Value>(), note);
    assert_eq!(read.header("etag"), response.header("etag"));
}

#[tokio::test]
async fn a_list_is_sorted_filtered_and_paged() {
    let app = start().await;
    assert_eq!(app.get("/api/v1/notes").await.json::<Value>(), json!({ "items": [], "next": null, "previous": null }));
    for title in ["Milk", "Bread", "Buttermilk"] {
        write(&app, title).await;
    }
    assert_eq!(titles(&app, "/api/v1/notes").await, ["Buttermilk", "Bread", "Milk"]);
    assert_eq!(titles(&app, "/api/v1/notes?sort=title&title=milk").await, ["Buttermilk", "Milk"]);

    let first = app.get("/api/v1/notes?limit=2").await;
    let next = first.header("link").split(['<', '>']).find(|url| url.contains("cursor=")).unwrap().to_owned();
    assert_eq!(titles(&app, &next).await, ["Milk"]);
}

#[tokio::test]
async fn a_list_refuses_what_it_does_not_know() {
    let response = start().await.get("/api/v1/notes?sort=secret&colour=red").await;
    assert_eq!(response.status, 400);
    let errors = &response.json::<Value>()["errors"];
    assert!(errors["sort"].is_string() && errors["colour"].is_string(), "{errors}");
}

#[tokio::test]
async fn an_empty_title_is_refused() {
    let app = start().await;
    let response = app.post_json("/api/v1/notes", &json!({ "title": " ", "body": "" })).await;
    assert_eq!(response.status, 422);
    assert_eq!(response.json::<Value>()["errors"], json!({ "title": "Give the note a title." }));
    assert!(titles(&app, "/api/v1/notes").await.is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_with_the_field() {
    let app = start().await;
    for (draft, field) in [(json!({ "body": "" }), "title"), (json!({ "title": "Milk", "body": 2 }), "body")] {
        let response = app.post_json("/api/v1/notes", &draft).await;
        assert_eq!(response.status, 422);
        assert!(response.json::<Value>()["errors"][field].is_string(), "{}", response.body);
    }
}

#[tokio::test]
async fn an_unchanged_note_is_not_sent_again() {
    let app = start().await;
    let path = write(&app, "Milk").await;
    let tag = app.get(&path).await.header("etag").to_owned();
    let again = app.send(Request::get(&path).header("if-none-match", &tag), String::new()).await;
    assert_eq!((again.status.as_u16(), again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));

    put(&app, &path, Some(&tag), &json!({ "title": "Bread" })).await;
    let changed = app.send(Request::get(&path).header("if-none-match", &tag), String::new()).await;
    assert_eq!((changed.status.as_u16(), &changed.json::<Value>()["title"]), (200, &json!("Bread")));
}

#[tokio::test]
async fn a_note_is_replaced_in_the_state_that_was_read() {
    let app = start().await;
    let path = write(&app, "Milk").await;
    let tag = app.get(&path).await.header("etag").to_owned();

    let replaced = put(&app, &path, Some(&tag), &json!({ "title": "Bread", "body": "one loaf" })).await;
    assert_eq!(replaced.status, 200);
    assert_eq!(replaced.json::<Value>()["title"], "Bread");
    assert_ne!(replaced.header("etag"), tag);
    app.run_jobs().await;
    let counted = app.get(&path).await;
    assert_eq!(counted.json::<Value>()["words"], 2);
    assert_ne!(counted.header("etag"), replaced.header("etag"), "who has kept the answer gets the new one");

    let late = put(&app, &path, Some(&tag), &json!({ "title": "Cheese" })).await;
    assert_eq!(late.status, 412);
    assert_eq!(late.header("content-type"), "application/problem+json");
    assert_eq!(app.get(&path).await.json::<Value>()["title"], "Bread");
    assert_eq!(put(&app, &path, Some("*"), &json!({ "title": "Cheese" })).await.status, 200);
}

/// The job is nobody's change: whoever has read the note before it ran is not late.
#[tokio::test]
async fn counting_the_words_is_no_conflict() {
    let app = start().await;
    let created = app.post_json("/api/v1/notes", &json!({ "title": "Milk", "body": "two bottles" })).await;
    let (path, tag) = (created.header("location"), created.header("etag"));
    app.run_jobs().await;
    assert_eq!(app.get(path).await.json::<Value>()["words"], 2);
    assert_eq!(put(&app, path, Some(tag), &json!({ "title": "Bread" })).await.status, 200);
    assert_eq!(put(&app, path, Some(tag), &json!({ "title": "Cheese" })).await.status, 412);
    let tag = app.get(path).await.header("etag").to_owned();
    app.run_jobs().await;
    assert_eq!(app.send(Request::delete(path).header("if-match", tag), String::new()).await.status, 204);
}

/// Whoever replaces the note in whatever state it is in never loses against somebody else.
#[tokio::test]
async fn any_state_is_any_state_while_others_write() {
    let app = Arc::new(start().await);
    let path = write(&app, "Milk").await;
    let mut puts = JoinSet::new();
    for number in 0..12 {
        let (app, path) = (Arc::clone(&app), path.clone());
        let draft = json!({ "title": format!("Milk {number}") });
        puts.spawn(async move { put(&app, &path, Some("*"), &draft).await });
    }
    for response in puts.join_all().await {
        assert_eq!(response.status, 200, "{}", response.body);
    }
}

/// A mistyped field would otherwise empty the one that was meant.
#[tokio::test]
async fn an_unknown_field_is_refused() {
    let app = start().await;
    let created = app.post_json("/api/v1/notes", &json!({ "title": "Milk", "body": "two bottles" })).await;
    let path = created.header("location");
    let refused = put(&app, path, Some("*"), &json!({ "title": "Milk", "bdoy": "three bottles" })).await;
    assert_eq!((refused.status.as_u16(), refused.json::<Value>()["errors"]["bdoy"].is_string()), (422, true));
    assert_eq!(put(&app, path, Some("*"), &json!(["Milk", "three bottles"])).await.status, 400);
    assert_eq!(app.get(path).await.json::<Value>()["body"], "two bottles");
}

#[tokio::test]
async fn a_note_is_as_old_as_the_clock_says() {
    let app = start().await;
    app.clock().set(OffsetDateTime::UNIX_EPOCH);
    let path = write(&app, "Milk").await;
    assert_eq!(app.get(&path).await.json::<Value>()["created_at"], "1970-01-01T00:00:00Z");
}

#[tokio::test]
async fn the_limits_are_those_of_the_api_document() {
    let app = start().await;
    let document: Value = app.get("/api/openapi.json").await.json();
    let fields = &document["components"]["schemas"]["Draft"]["properties"];
    for field in ["title", "body"] {
        let limit = usize::try_from(fields[field]["maxLength"].as_u64().unwrap()).unwrap();
        for (length, status) in [(limit, 201), (limit + 1, 422)] {
            let mut draft = json!({ "title": "Milk" });
            draft[field] = "ü".repeat(length).into();
            assert_eq!(app.post_json("/api/v1/notes", &draft).await.status, status, "{field} of {length}");
        }
    }
}

#[tokio::test]
async fn a_replacement_is_checked() {
    let app = start().await;
    let path = write(&app, "Milk").await;
    let draft = json!({ "title": "Bread" });
    assert_eq!(put(&app, &path, None, &draft).await.status, 428);
    assert_eq!(put(&app, &path, Some("*"), &json!({ "title": "" })).await.status, 422);
    assert_eq!(put(&app, "/api/v1/notes/019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10", Some("*"), &draft).await.status, 404);
    assert_eq!(app.get(&path).await.json::<Value>()["title"], "Milk");
}

#[tokio::test]
async fn a_note_is_deleted_once() {
    let app = start().await;
    let path = write(&app, "Milk").await;
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.delete(&path).await.status, 404);
    assert_eq!(app.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_note_is_deleted_in_the_state_that_was_read() {
    let app = start().await;
    let path = write(&app, "Milk").await;
    let delete = |tag| app.send(Request::delete(&path).header("if-match", tag), String::new());
    assert_eq!(delete("\"7\"").await.status, 412);
    assert_eq!(delete("\"1\"").await.status, 204);
    assert_eq!(delete("\"1\"").await.status, 404);
}

#[tokio::test]
async fn an_id_must_be_one() {
    let response = start().await.delete("/api/v1/notes/milk").await;
    assert_eq!(response.status, 400);
    assert_eq!(response.header("content-type"), "application/problem+json");
    assert!(response.json::<Value>()["errors"]["id"].is_string());
}
