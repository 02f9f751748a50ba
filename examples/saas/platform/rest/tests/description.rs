//! What the API document says of operations that say little themselves.

use kernel::{Describe, Module, Policy};
use rest::{Errors, IfMatch, Json, Path};
use serde_json::{Value, json};
use testkit::TestApp;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::{router::OpenApiRouter, routes};

#[utoipa::path(get, path = "/planets", responses((status = OK, body = String)))]
async fn look() {}

#[utoipa::path(
    put,
    path = "/planets/{name}",
    params(("name" = String, Path), ("If-Match" = String, Header)),
    request_body = Value,
    responses(
        (status = OK, body = Value, headers(("ETag" = String))),
        Errors<(Path<String>, IfMatch, Json<Value>)>,
    ),
)]
async fn replace(_: Json<Value>) {}

#[utoipa::path(
    delete,
    path = "/planets/{name}",
    params(("name" = String, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = NO_CONTENT),
        (status = CONFLICT, description = "It is inhabited."),
        Errors<(Path<String>, Option<IfMatch>)>,
    ),
)]
async fn destroy() {}

fn planets() -> Module {
    Module::new("planets")
        .api(Policy::PUBLIC, OpenApiRouter::new().routes(routes!(look)).routes(routes!(replace, destroy)))
}

async fn document(modules: Vec<Module>) -> Value {
    TestApp::start(modules).await.get("/api/openapi.json").await.json()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn an_operation_has_the_errors_of_what_its_handler_takes() {
    let document = document(vec![rest::module(), planets()]).await;
    let one = &document["paths"]["/api/v1/planets/{name}"];
    assert_eq!(statuses(&document["paths"]["/api/v1/planets"]["get"]), ["200", "304", "500", "503"]);
    let put = ["200", "400", "403", "404", "412", "413", "415", "422", "428", "500", "503"];
    assert_eq!(statuses(&one["put"]), put);
    assert_eq!(statuses(&one["delete"]), ["204", "400", "403", "404", "409", "412", "500", "503"]);

    let tag = json!({ "$ref": "#/components/headers/ETag" });
    assert_eq!(one["put"]["responses"]["200"]["headers"]["ETag"], tag);
    let problem = &document["components"]["responses"]["PreconditionFailed"]["content"]["application/problem+json"];
    assert_eq!(problem["example"]["status"], 412);
    assert!(document["components"]["responses"].get("Conflict").is_none(), "only what is referred to");
    let own = &one["delete"]["responses"]["409"];
    assert_eq!(own["description"], "It is inhabited.");
    assert_eq!(own["content"]["application/problem+json"]["example"]["status"], 409);
}

#[tokio::test]
async fn nothing_is_required_until_a_module_says_so() {
    assert_eq!(document(vec![rest::module(), planets()]).await["security"], json!([]));

    let guard = Module::new("guard").add(Describe(|document| {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
        document.security = Some(vec![SecurityRequirement::new("token", [""; 0])]);
    }));
    let document = document(vec![rest::module(), guard, planets()]).await;
    assert_eq!(document["security"], json!([{ "token": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}
