//! The page at `/api/docs`.

use axum::Json;
use kernel::{Module, Policy};
use serde_json::{Value, json};
use testkit::TestApp;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Move a <planet>
///
/// Use `position` & nothing else.
#[utoipa::path(
    put,
    path = "/planets/{name}",
    operation_id = "move_planet",
    tag = "planets",
    params(
        ("name" = String, Path, description = "Its `name`", example = "Mars"),
        ("speed" = Option<u8>, Query, description = "In km/s"),
    ),
    request_body(content = Value, example = json!({ "position": 1 })),
    responses(
        (status = OK, description = "Moved", body = Value, example = json!({ "moved": true })),
        rest::Errors<rest::Json<Value>>,
    ),
)]
async fn move_planet() -> Json<Value> {
    Json(json!({ "moved": true }))
}

async fn start() -> TestApp {
    let planets = Module::new("planets").api(Policy::PUBLIC, OpenApiRouter::new().routes(routes!(move_planet)));
    TestApp::start(vec![ui::module(), rest::module(), api_docs::module(), planets]).await
}

#[tokio::test]
async fn every_operation_is_shown() {
    let response = start().await.get("/api/docs").await;
    assert_eq!(response.status, 200);
    for text in [
        "<code>/api/v1/planets/{name}</code>",
        "Move a &#60;planet&#62;",
        "Use <code>position</code> &#38; nothing else.",
        "path, required",
        "Moved",
        "Unprocessable Entity",
        "href=\"#type-Problem\"",
        "id=\"type-Problem\"",
    ] {
        assert!(response.body.contains(text), "{text} is missing in {}", response.body);
    }
}

#[tokio::test]
async fn every_operation_can_be_tried() {
    let page = start().await.get("/api/docs").await.body;
    let form = page.split("<form").find(|form| form.contains("data-method=\"put\"")).expect("there is a form");
    assert!(form.contains("data-path=\"/api/v1/planets/{name}\""));
    assert!(form.contains("data-in=\"path\"") && form.contains("required value=\"Mars\""));
    assert!(form.contains("name=\"speed\" data-in=\"query\""));
    assert!(form.contains("data-in=\"body\" data-type=\"application/json\""));
    for label in form.split("for=\"").skip(1) {
        let id = label.split('"').next().expect("the attribute ends");
        assert!(form.contains(&format!("id=\"{id}\"")), "the label of {id} has no field");
    }
}

#[tokio::test]
async fn all_of_it_is_served_here() {
    let app = start().await;
    let page = app.get("/api/docs").await.body;
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("://"));
    assert_eq!(page.matches("<script").count(), 1);
    let script = app.get("/api/docs/try.js").await;
    assert_eq!(script.header("content-type"), "text/javascript");
    assert!(script.body.len() <= 2048, "the script has {} bytes", script.body.len());
    let styles = app.get("/api/docs/docs.css").await;
    assert_eq!(styles.header("content-type"), "text/css");
    assert!(styles.body.len() <= 3072, "the styles have {} bytes", styles.body.len());
}

#[tokio::test]
async fn an_api_without_operations_has_a_page() {
    let app = TestApp::start(vec![ui::module(), api_docs::module()]).await;
    let response = app.get("/api/docs").await;
    assert_eq!(response.status, 200);
    assert!(response.body.contains("No module has an operation yet."));
}
