//! What cannot be read is refused with the name of the field.

use std::collections::HashMap;

use axum::routing::{get, post};
use kernel::Module;
use rest::{Json, Path, Query};
use serde_json::{Value, json};
use testkit::{Response, TestApp};
use utoipa_axum::router::OpenApiRouter;

async fn read(_: Path<(i64, i64)>, _: Query<HashMap<String, u8>>) {}

async fn read_one(_: Path<i64>) {}

async fn write(_: Json<HashMap<String, Vec<u8>>>) {}

async fn start() -> TestApp {
    let api = OpenApiRouter::new().route("/numbers", post(write)).route("/{month}/{day}", get(read));
    TestApp::start(vec![Module::new("numbers").api(api.route("/{id}", get(read_one)))]).await
}

fn fields(response: &Response) -> Vec<String> {
    assert_eq!(response.header("content-type"), "application/problem+json");
    let problem: Value = response.json();
    assert!(problem["detail"].is_string(), "{problem}");
    problem["errors"].as_object().into_iter().flatten().map(|(field, _)| field.clone()).collect()
}

#[tokio::test]
async fn a_parameter_is_named() {
    let app = start().await;
    assert_eq!(app.get("/api/v1/1/2?hour=3").await.status, 200);
    for (path, field) in [("/1/soon", "day"), ("/soon/1", "month"), ("/soon", "id"), ("/1/2?hour=3&minute=x", "minute")]
    {
        let response = app.get(&format!("/api/v1{path}")).await;
        assert_eq!((response.status.as_u16(), fields(&response)), (400, vec![field.to_owned()]), "{path}");
    }
    assert_eq!(app.get("/api/v1/%ff").await.status, 400);
}

#[tokio::test]
async fn a_mistake_of_the_handler_stays_inside() {
    let wrong = OpenApiRouter::new().route("/{month}/{day}", get(read_one));
    let app = TestApp::start(vec![Module::new("wrong").api(wrong)]).await;
    let response = app.get("/api/v1/1/2").await;
    assert_eq!(response.status, 500);
    assert!(!response.body.contains("Wrong number"), "{}", response.body);
}

#[tokio::test]
async fn a_field_of_a_body_is_named() {
    let response = start().await.post_json("/api/v1/numbers", &json!({ "small": [1, 2, 300] })).await;
    assert_eq!((response.status.as_u16(), fields(&response)), (422, vec!["small[2]".to_owned()]));
}

#[tokio::test]
async fn an_unreadable_body_says_why() {
    let response = start().await.post_form("/api/v1/numbers", "small=1").await;
    assert_eq!((response.status.as_u16(), fields(&response).len()), (415, 0));
    assert!(response.json::<Value>()["detail"].as_str().unwrap().contains("Content-Type"));
}
