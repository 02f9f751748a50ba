//! Scenario 2: nothing tells whether an account exists.

use std::sync::atomic::{AtomicU8, Ordering};

use auth::{Hasher, commands::Command};
use hyper::Request;
use kernel::AppState;
use serde_json::json;
use testkit::{Browser, Response, TestApp};

use crate::{
    people::{PASSWORD, account, invite, run, sign_in},
    record::{self, start_with_queries_logged},
};

// Forms come back with the address: all are of one length.
const UNKNOWN: &str = "unknown@example.com";
const KNOWN: &str = "knowing@example.com";
const DEACTIVATED: &str = "retired@example.com";
const INVITED: &str = "invited@example.com";
const SUPPRESSED: &str = "stopped@example.com";
const SUPPRESSED_AND_UNKNOWN: &str = "nothing@example.com";

/// Who asks for the addresses of others.
const ASKER: &str = "asker@example.com";

/// An address of each kind.
async fn people() -> TestApp {
    let app = start_with_queries_logged().await;
    for email in [KNOWN, SUPPRESSED, DEACTIVATED, ASKER] {
        account(&app, email).await;
    }
    invite(&app, INVITED).await;
    run(&app, Command::Deactivate { email: DEACTIVATED.to_owned() }).await;
    for address in [SUPPRESSED, SUPPRESSED_AND_UNKNOWN] {
        let suppress = email::Command::Suppress { address: address.to_owned(), notifications: false };
        email::run(&app.application.state, suppress).await.expect("an address can be suppressed");
    }
    app
}

/// How many clients there were: each request comes from another one, so that none has asked too much.
static CLIENTS: AtomicU8 = AtomicU8::new(0);

/// What a request gets and causes, but for what is new each time.
async fn seen(browser: &mut Browser<'_>, state: &AppState, path: &str, body: &str, email: &str) -> String {
    // A counter that is there already would be another matter.
    sqlx::query("DELETE FROM auth_throttle").execute(&state.db).await.expect("it takes changes");
    let hashes = state.service::<Hasher>().count();
    let kind = if path.starts_with("/api") { "application/json" } else { "application/x-www-form-urlencoded" };
    record::take();
    let client = CLIENTS.fetch_add(1, Ordering::Relaxed);
    let request =
        Request::post(path).header("content-type", kind).header("x-forwarded-for", format!("203.0.113.{client}"));
    let Response { status, headers, body, .. } = browser.send(request, body.replace("EMAIL", email)).await;
    let queries = record::queries();
    assert!(queries > 0, "queries are not logged any more");
    let hashes = state.service::<Hasher>().count() - hashes;
    let mut names: Vec<_> = headers.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    names.retain(|name| !["date ", "x-request-id ", "ratelimit "].iter().any(|varies| name.starts_with(varies)));
    let id = headers["x-request-id"].to_str().expect("an id is text");
    let body = body.replace(id, "").replace(email, "");
    format!("{status}\n{names:?}\n{body}\n{queries} queries, {hashes} hashes")
}

#[tokio::test]
async fn scenario_2_nothing_tells_whether_an_account_exists() {
    let turn = record::begin().await;
    let app = people().await;
    let state = &app.application.state;
    let mut asker = app.browser();
    assert_eq!(sign_in(&mut asker, ASKER, PASSWORD).await.status, 303);
    let address = json!({ "email": "EMAIL" }).to_string();
    let login = json!({ "email": "EMAIL", "password": "wrong" }).to_string();
    for (is_signed_in, path, body) in [
        (false, "/api/v1/auth/sign-up", &*address),
        (false, "/api/v1/auth/password/forgot", &address),
        (false, "/api/v1/auth/login", &login),
        (false, "/sign-up", "email=EMAIL"),
        (false, "/password/forgot", "email=EMAIL"),
        (false, "/login", "email=EMAIL&password=wrong"),
        (true, "/api/v1/account/email", &address),
        (true, "/account/email", "email=EMAIL"),
    ] {
        let mut answers = Vec::new();
        for email in [UNKNOWN, KNOWN, DEACTIVATED, INVITED, SUPPRESSED, SUPPRESSED_AND_UNKNOWN] {
            let mut stranger = app.browser();
            let browser = if is_signed_in { &mut asker } else { &mut stranger };
            answers.push((email, seen(browser, state, path, body, email).await));
            let flash = asker.get("/account").await;
            assert_eq!(flash.status, 200);
        }
        for (email, answer) in &answers {
            assert_eq!(answer, &answers[0].1, "{path} tells {email} from {UNKNOWN}");
        }
    }
    // What the requests have left to do is another matter for each, and nobody sees it.
    app.run_jobs().await;
    drop(turn);
}
