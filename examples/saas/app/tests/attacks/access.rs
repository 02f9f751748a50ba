//! Every route of every module, asked by nobody, by a user and by those who have its role: its policy holds.

use hyper::{Method, Request};
use kernel::{Access, Module, MountedRoute, Policy, Routes, SignIn};
use testkit::TestApp;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::IDS;

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
        let parts: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { IDS[1] } else { part }).collect();
        let path = parts.join("/");
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
