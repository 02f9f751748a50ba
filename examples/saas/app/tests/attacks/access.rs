//! Every route of every module, asked by nobody, by a user and by those who have its role: its policy holds.

use hyper::{Method, Request};
use kernel::{Access, Module, MountedRoute, Policy, Routes, SignIn};
use serde_json::Value;
use testkit::TestApp;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::IDS;

/// What a path names by its id, where somebody makes one through the API, and from what. A path that people see for themselves
/// and that is not listed fails the tests.
const OBJECTS: &[(&str, &str, &str)] = &[
    // Where nothing is named, it is made in another way.
    ("/account/sessions/{id}", "", ""),
    ("/account/tokens/{id}", "/api/v1/account/tokens", "{\"name\":\"Backup\"}"),
    ("/notes/{id}", "/api/v1/notes", "{\"title\":\"Milk\"}"),
    ("/files/{id}", "/api/v1/files?name=a.txt", "two bottles"),
];

/// How somebody makes what this path is about.
pub fn object(path: &str) -> (&'static str, &'static str) {
    let path = path.trim_start_matches("/api/v1");
    let found = OBJECTS.iter().find(|(kind, ..)| path.starts_with(kind));
    let (_, api, body) = found.unwrap_or_else(|| panic!("{path} names something by its id: list it in OBJECTS"));
    (api, body)
}

/// A path with an id in the place of its parameters.
pub fn with_id(path: &str, id: &str) -> String {
    let parts: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
    parts.join("/")
}

/// Routes of all kinds, for an application that has none.
fn vault() -> Module {
    let page = || axum::routing::get(async || "gold").post(async || "more gold");
    Module::new("vault")
        .pages(Policy::SIGNED_IN, Routes::new().route("/vault", page()))
        .pages(Policy::role("keeper"), Routes::new().route("/vault/{id}", page()))
        .api(Policy::SIGNED_IN, OpenApiRouter::new().routes(routes!(look)))
        .api(Policy::role("keeper"), OpenApiRouter::new().routes(routes!(take)))
}

#[utoipa::path(get, path = "/vault", responses((status = OK)))]
async fn look() {}

#[utoipa::path(delete, path = "/vault/{id}", responses((status = OK)))]
async fn take() {}

/// Whether a visitor is sent away: with the status, or to where people sign in.
async fn is_refused(app: &TestApp, method: &Method, path: &str) -> Option<u16> {
    let response = app.send(Request::builder().method(method).uri(path), "").await;
    assert!(!response.status.is_server_error(), "{method} {path}: {}", response.body);
    let status = response.status.as_u16();
    let to_sign_in = status == 303
        && app.application.state.all().iter().any(|SignIn(page)| response.header("location").starts_with(page));
    (matches!(status, 401 | 403) || to_sign_in).then_some(if to_sign_in { 401 } else { status })
}

#[tokio::test]
async fn every_policy_holds() {
    let mut modules = app::modules();
    modules.push(vault());
    let app = TestApp::start_with(modules, crate::SETTINGS).await;
    let (user, mut asked) = (app.as_user(), 0);
    for MountedRoute { methods, path, policy } in app.application.routes().await {
        let path = with_id(&path, IDS[1]);
        for method in methods.split(", ").filter_map(|method| method.parse::<Method>().ok()) {
            asked += 1;
            let refusals = |visitor| is_refused(visitor, &method, &path);
            let (nobody, signed_in) = (refusals(&app).await, refusals(&user).await);
            let expected = match policy.access {
                Access::Public => (None, None),
                Access::SignedIn | Access::Personal => (Some(401), None),
                Access::Role(role) => {
                    let holder = app.as_role(role);
                    assert_eq!(refusals(&holder).await, None, "{method} {path} for {role}");
                    (Some(401), Some(403))
                }
            };
            assert_eq!((nobody, signed_in), expected, "{method} {path}, {:?}", policy.access);
        }
    }
    assert!(asked >= 10, "{asked} requests: the routes are not listed any more");
}

/// What a visitor has made, if it is something for visitors that have no account.
async fn make(owner: &TestApp, api: &str, body: &'static str) -> Option<String> {
    if api.is_empty() {
        return None;
    }
    let request = Request::post(api).header("content-type", "application/json");
    let made = owner.send(request, body).await;
    if made.status == 201 { made.json::<Value>()["id"].as_str().map(str::to_owned) } else { None }
}

/// Somebody else's things are not there. That includes applications without accounts: here, people can sign in.
#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let mut modules = app::modules();
    modules.push(vault().add(SignIn("/vault")));
    let app = TestApp::start_with(modules, crate::SETTINGS).await;
    let (owner, other) = (app.as_user(), app.as_user());
    for MountedRoute { methods, path, policy } in app.application.routes().await {
        if policy.access != Access::SignedIn || !path.contains('{') {
            continue;
        }
        let (api, body) = object(&path);
        let id = make(&owner, api, body).await;
        let path = with_id(&path, id.as_deref().unwrap_or(IDS[1]));
        for method in methods.split(", ") {
            let ask = || Request::builder().method(method).uri(&path).header("if-match", "*");
            let status = other.send(ask(), "").await.status;
            // What is no form is refused before anybody looks for what it is about.
            assert!(matches!(status.as_u16(), 404 | 415 | 422), "{method} {path}: {status}");
        }
        if id.is_some() && methods.contains("GET") {
            assert_eq!(owner.get(&path).await.status, 200, "{path} is there for its owner");
            assert_eq!(other.get(&path).await.status, 404, "{path} is not there for others");
        }
    }
}
