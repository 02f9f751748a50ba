//! Where people can sign in, their notes are their own.

use axum::http::{Method, Request};
use kernel::{Module, SignIn};
use serde_json::{Value, json};
use testkit::TestApp;

async fn start() -> TestApp {
    let accounts = Module::new("accounts").add(SignIn("/sign-in"));
    TestApp::start(vec![ui::module(), ui::components::module(), accounts, notes::module()]).await
}

async fn titles(app: &TestApp) -> Vec<String> {
    let list: Value = app.get("/api/v1/notes").await.json();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|note| note["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn strangers_have_no_notes() {
    let app = start().await;
    assert_eq!(app.get("/api/v1/notes").await.status, 401);
    assert_eq!(app.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await.status, 401);
    assert_eq!(app.get("/notes").await.status, 401);
    assert_eq!(app.post_form("/notes", "title=Milk&body=").await.status, 401);
}

#[tokio::test]
async fn notes_of_others_are_not_there() {
    let app = start().await;
    let (ann, bob) = (app.as_user(), app.as_user());
    let note: Value = ann.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await.json();
    bob.post_json("/api/v1/notes", &json!({ "title": "Bread" })).await;
    assert_eq!((titles(&ann).await, titles(&bob).await), (vec!["Milk".to_owned()], vec!["Bread".to_owned()]));
    assert!(!bob.get("/notes?title=milk").await.body.contains(">Milk</a>"));

    let id = note["id"].as_str().unwrap();
    let (api, page) = (format!("/api/v1/notes/{id}"), format!("/notes/{id}"));
    for (method, path, kind, body) in [
        (Method::GET, api.clone(), "application/json", ""),
        (Method::PUT, api.clone(), "application/json", "{\"title\":\"Lead\"}"),
        (Method::DELETE, api.clone(), "application/json", ""),
        (Method::GET, page.clone(), "text/plain", ""),
        (Method::POST, page.clone(), "application/x-www-form-urlencoded", "version=1&title=Lead&body="),
        (Method::GET, format!("{page}/delete"), "text/plain", ""),
        (Method::POST, format!("{page}/delete"), "application/x-www-form-urlencoded", ""),
    ] {
        let request =
            || Request::builder().method(&method).uri(&path).header("content-type", kind).header("if-match", "*");
        assert_eq!(bob.send(request(), body).await.status, 404, "{method} {path}");
    }
    assert_eq!(titles(&ann).await, ["Milk"]);
    assert_eq!(ann.get(&api).await.json::<Value>()["title"], "Milk");
}

/// Where nobody can sign in any more, what people have written is still there.
#[tokio::test]
async fn where_nobody_can_sign_in_all_see_all() {
    let app = TestApp::start(vec![ui::module(), ui::components::module(), notes::module()]).await;
    for author in [&app, &app.as_user()] {
        assert_eq!(author.post_json("/api/v1/notes", &json!({ "title": "Milk" })).await.status, 201);
    }
    assert_eq!(titles(&app).await, ["Milk", "Milk"]);
    let list: Value = app.get("/api/v1/notes").await.json();
    for note in list["items"].as_array().unwrap() {
        let id = note["id"].as_str().unwrap();
        assert_eq!(app.get(&format!("/notes/{id}")).await.status, 200);
        let saved = app.post_form(&format!("/notes/{id}"), "version=1&title=Bread&body=").await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        assert_eq!(app.delete(&format!("/api/v1/notes/{id}")).await.status, 204);
    }
    assert!(titles(&app).await.is_empty());
}
