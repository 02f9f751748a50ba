//! What cannot be read is refused with the name of the field.

use std::collections::HashMap;

use axum::routing::{get, post};
use kernel::{Module, Policy};
use rest::{Json, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::{Response, TestApp};
use utoipa_axum::router::OpenApiRouter;

async fn read(_: Path<(i64, i64)>, _: Query<HashMap<String, u8>>) {}

async fn read_one(_: Path<i64>) {}

async fn write(_: Json<HashMap<String, Vec<u8>>>) {}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it is read, and that is all")]
struct Planet {
    name: String,
    #[serde(default)]
    moons: Vec<Moon>,
    orbit: Option<Orbit>,
    neighbour: Option<Box<Self>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it is read, and that is all")]
struct Moon {
    name: String,
    days: Option<f64>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it is read, and that is all")]
enum Orbit {
    Unknown,
    Circle(u64),
    Ellipse { long: u64, short: u64 },
}

async fn write_planet(_: Json<Planet>) {}

async fn find_planet(_: Query<Moon>) {}

async fn start() -> TestApp {
    let api = OpenApiRouter::new().route("/numbers", post(write)).route("/{month}/{day}", get(read));
    let api = api.route("/planets", post(write_planet).get(find_planet));
    TestApp::start(vec![Module::new("numbers").api(Policy::PUBLIC, api.route("/{id}", get(read_one)))]).await
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
    let app = TestApp::start(vec![Module::new("wrong").api(Policy::PUBLIC, wrong)]).await;
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

#[tokio::test]
async fn what_a_body_may_be_is_read() {
    let app = start().await;
    for body in [
        json!({ "name": "Mars" }),
        json!({ "name": "Mars", "moons": [{ "name": "Phobos", "days": 0.3 }, { "name": "Deimos", "days": 1 }] }),
        json!({ "name": "Mars", "moons": [], "orbit": null, "neighbour": { "name": "Earth", "orbit": "Unknown" } }),
        json!({ "name": "Mars", "orbit": { "Circle": 4 } }),
        json!({ "name": "Mars", "orbit": { "Ellipse": { "long": 4, "short": 3 } } }),
    ] {
        let response = app.post_json("/api/v1/planets", &body).await;
        assert_eq!(response.status, 200, "{body}: {}", response.body);
    }
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_named_wherever_it_stands() {
    let app = start().await;
    for (body, field) in [
        (json!({ "name": "Mars", "moon": [] }), "moon"),
        (json!({ "nam": "Mars" }), "nam"),
        (json!({ "name": "Mars", "moons": [{ "name": "Phobos" }, { "name": "Deimos", "day": 1 }] }), "moons[1].day"),
        (json!({ "name": "Mars", "neighbour": { "name": "Earth", "neighbor": {} } }), "neighbour.neighbor"),
        (json!({ "name": "Mars", "orbit": { "Ellipse": { "long": 4, "short": 3, "tilt": 1 } } }), "orbit.Ellipse.tilt"),
    ] {
        let response = app.post_json("/api/v1/planets", &body).await;
        assert_eq!((response.status.as_u16(), fields(&response)), (422, vec![field.to_owned()]), "{body}");
    }
    let response = app.get("/api/v1/planets?name=Phobos&utm_source=post").await;
    assert_eq!((response.status.as_u16(), fields(&response)), (400, vec!["utm_source".to_owned()]));
}

/// serde would take the elements for the fields, in the order in which the sources have them.
#[tokio::test]
async fn an_array_is_no_struct() {
    let app = start().await;
    for body in [json!(["Mars", [], null, null]), json!([]), json!("Mars"), json!(1), json!(null)] {
        let response = app.post_json("/api/v1/planets", &body).await;
        assert_eq!((response.status.as_u16(), fields(&response).len()), (400, 0), "{body}: {}", response.body);
    }
    for (body, field) in [
        (json!({ "name": "Mars", "moons": [["Phobos", 0.3]] }), "moons[0]"),
        (json!({ "name": "Mars", "neighbour": ["Earth", [], null, null] }), "neighbour"),
        (json!({ "name": "Mars", "orbit": { "Ellipse": [4, 3] } }), "orbit.Ellipse"),
    ] {
        let response = app.post_json("/api/v1/planets", &body).await;
        assert_eq!((response.status.as_u16(), fields(&response)), (422, vec![field.to_owned()]), "{body}");
    }
}

#[tokio::test]
async fn a_field_is_given_once() {
    let request = hyper::Request::post("/api/v1/planets").header("content-type", "application/json");
    let response = start().await.send(request, r#"{"name":"Mars","name":"Venus"}"#.to_owned()).await;
    assert!(response.status.is_client_error(), "{}", response.body);
}
