//! 2: nothing tells whether an account exists.

use std::collections::BTreeMap;

use serde_json::json;
use testkit::{Response, TestApp};

use crate::{ANN, PASSWORD, account, count, create, hashes, run, start};

const DEACTIVATED: &str = "deactivated@example.com";
const INVITED: &str = "invited@example.com";
const UNKNOWN: &str = "unknown@example.com";

async fn people() -> TestApp {
    let app = start().await;
    for email in [ANN, DEACTIVATED] {
        account(&app, email).await;
    }
    create(&app, INVITED, false).await;
    let command = auth::commands::Command::Deactivate { email: DEACTIVATED.to_owned() };
    run(&app, command).await.unwrap();
    app
}

/// What a client and the database see of a request: all but what is new each time.
async fn seen(app: &TestApp, path: &str, body: &str, email: &str) -> String {
    // Counters that several accounts share are there from the first request on.
    sqlx::query("DELETE FROM auth_throttle").execute(app.db()).await.unwrap();
    let tables = ["_jobs", "auth_throttle", "links", "sessions", "users"];
    let mut before = BTreeMap::new();
    for table in tables {
        before.insert(table, count(app, table).await);
    }
    let hashed = hashes(app);
    let kind = if path.starts_with("/api") { "application/json" } else { "application/x-www-form-urlencoded" };
    let request = hyper::Request::post(path).header("content-type", kind);
    let Response { status, headers, body, .. } = app.send(request, body.replace("EMAIL", email)).await;
    let id = headers["x-request-id"].to_str().unwrap();
    let names: Vec<_> = headers.keys().map(ToString::to_string).collect();
    let body = body.replace(id, "").replace(email, "");
    let mut grown = Vec::new();
    for table in tables {
        grown.push(format!("{table} {}", count(app, table).await - before[table]));
    }
    format!("{status} {names:?} {body} {grown:?} {}", hashes(app) - hashed)
}

#[tokio::test]
async fn nothing_tells_whether_an_account_exists() {
    let app = people().await;
    for (path, body) in [
        ("/api/v1/auth/sign-up", json!({ "email": "EMAIL" }).to_string()),
        ("/api/v1/auth/password/forgot", json!({ "email": "EMAIL" }).to_string()),
        ("/api/v1/auth/login", json!({ "email": "EMAIL", "password": "wrong" }).to_string()),
        ("/sign-up", "email=EMAIL".to_owned()),
        ("/password/forgot", "email=EMAIL".to_owned()),
        ("/login", "email=EMAIL&password=wrong".to_owned()),
    ] {
        let unknown = seen(&app, path, &body, UNKNOWN).await;
        for email in [ANN, DEACTIVATED, INVITED] {
            assert_eq!(seen(&app, path, &body, email).await, unknown, "{path} {email}");
        }
    }
}

#[tokio::test]
async fn the_right_password_of_a_deactivated_account_is_a_wrong_one() {
    let app = people().await;
    let (path, body) = ("/api/v1/auth/login", json!({ "email": "EMAIL", "password": PASSWORD }).to_string());
    assert_eq!(seen(&app, path, &body, DEACTIVATED).await, seen(&app, path, &body, UNKNOWN).await);
}
