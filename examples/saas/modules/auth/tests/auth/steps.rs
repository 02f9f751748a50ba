//! What a login asks for after the password: here somebody has to knock.

use std::time::Duration;

use auth::{Client, Pending, Refusal, Step, commands::Command};
use axum::{
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
    routing::post,
};
use futures_util::future::join_all;
use hyper::Request;
use kernel::{AppState, Module, Policy, Result, Routes, database};
use serde_json::{Value, json};
use testkit::{Browser, TestApp};
use time::OffsetDateTime;

use crate::{ANN, OTHER, PASSWORD, account, api, count, mail_to, modules, run, sign_in, status, token};

const KNOCK: Step = Step {
    method: "knock",
    page: "/knock",
    since: |_, _, _| Box::pin(async { Ok(Some(OffsetDateTime::UNIX_EPOCH)) }),
    remove: |_, _, _| Box::pin(async { Ok(true) }),
};

async fn knock(State(state): State<AppState>, client: Client, pending: Pending, body: String) -> Result<Response> {
    pending.attempt(&state).await?;
    if !body.starts_with("knock") {
        let (status, _) = Refusal::of(pending.fail(&state, &client, "Knock.").await?)?.head();
        return Ok((status, Html("Knock.")).into_response());
    }
    let mut transaction = database::begin(&state.db).await?;
    if body == "knock knock" {
        let _ = pending.finish(&state, &mut transaction, &client).await?;
    }
    let (_, cookies) = pending.finish(&state, &mut transaction, &client).await?;
    transaction.commit().await?;
    Ok((cookies, Redirect::to(pending.next())).into_response())
}

async fn start() -> TestApp {
    let pages = Routes::new().route("/knock", post(knock));
    let door = Module::new("door").add(KNOCK).pages(Policy::PUBLIC, pages);
    let app = TestApp::start(modules().into_iter().chain([door]).collect()).await;
    account(&app, ANN).await;
    app.clock().advance(Duration::ZERO);
    app
}

/// A browser whose login waits.
async fn waiting(app: &TestApp) -> Browser<'_> {
    let mut browser = app.browser();
    let response = sign_in(&mut browser, ANN, PASSWORD).await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/knock"));
    browser
}

/// The status of the answer, and where it leads.
async fn take(browser: &mut Browser<'_>, body: &str) -> (u16, String) {
    let response = browser.send(Request::post("/knock"), body.to_owned()).await;
    (response.status.as_u16(), response.header("location").to_owned())
}

fn leads(to: &str) -> (u16, String) {
    (303, to.to_owned())
}

#[tokio::test]
async fn a_login_that_waits_is_no_session() {
    let app = start().await;
    let mut browser = app.browser();
    let form = browser.get("/login?next=/account/security").await.form("main form");
    browser.submit(&form.set("email", ANN).set("password", PASSWORD)).await;
    let pending = browser.cookie("pending").unwrap().to_owned();
    assert_eq!((browser.cookie("session"), browser.cookie("device"), count(&app, "sessions").await), (None, None, 0));
    assert_eq!((status(&mut browser, "/account").await, status(&mut browser, "/api/v1/account").await), (303, 401));
    // Nor by another name.
    let planted = Request::get("/account").header("cookie", format!("session={pending}"));
    assert_eq!(app.send(planted, "").await.status, 303);

    assert_eq!(take(&mut browser, "knock").await, leads("/account/security"));
    assert!(browser.cookie("pending").is_none() && browser.cookie("device").is_some());
    assert_ne!(browser.cookie("session"), Some(&*pending));
    assert_eq!((status(&mut browser, "/account").await, count(&app, "pending_logins").await), (200, 0));
    let again = Request::post("/knock").header("cookie", format!("pending={pending}"));
    assert_eq!(app.send(again, "knock").await.status, 410);
}

#[tokio::test]
async fn the_api_says_what_is_due() {
    let app = start().await;
    let mut browser = app.browser();
    let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let response = api(&mut browser, "POST", "/api/v1/auth/login", &body).await;
    assert_eq!((response.status.as_u16(), response.json::<Value>()), (202, json!({ "methods": ["knock"] })));
    assert!(browser.cookie("session").is_none() && browser.cookie("pending").is_some());
}

#[tokio::test]
async fn too_many_wrong_steps_end_the_login_and_more_of_them_the_attempts() {
    let app = start().await;
    let mut browser = waiting(&app).await;
    for status in [401, 401, 401, 401, 410] {
        assert_eq!(take(&mut browser, "wrong").await.0, status);
    }
    assert_eq!(take(&mut browser, "knock").await.0, 410);
    assert!(mail_to(&app, ANN).content.subject.contains("knows your password"));
    // The first factor once more gives no more attempts than there are for the account.
    let mut browser = waiting(&app).await;
    for _ in 0..5 {
        take(&mut browser, "wrong").await;
    }
    let mut browser = waiting(&app).await;
    assert_eq!(take(&mut browser, "knock").await.0, 429);
    assert_eq!(take(&mut browser, "knock").await.0, 410);
    for unlocked in [false, true] {
        if unlocked {
            run(&app, Command::Unlock { email: ANN.to_owned() }).await.unwrap();
        }
        let answer = take(&mut waiting(&app).await, "knock").await;
        assert_eq!(answer == leads("/"), unlocked, "{answer:?}");
    }
}

#[tokio::test]
async fn a_login_that_waits_ends() {
    let app = start().await;
    let mut signed_in = waiting(&app).await;
    take(&mut signed_in, "knock").await;
    let email = || ANN.to_owned();
    for ends in ["time", "logout", "another login", "change of password", "end of sessions", "deactivation"] {
        let mut browser = waiting(&app).await;
        let old = browser.cookie("pending").unwrap().to_owned();
        match ends {
            "time" => app.clock().advance(Duration::from_mins(10)),
            "logout" => drop(browser.send(Request::post("/logout"), "").await),
            "another login" => drop(sign_in(&mut browser, ANN, PASSWORD).await),
            "change of password" => {
                for (current, password) in [(PASSWORD, OTHER), (OTHER, PASSWORD)] {
                    let body = json!({ "current": current, "password": password, "end_sessions": false }).to_string();
                    assert_eq!(api(&mut signed_in, "PUT", "/api/v1/account/password", &body).await.status, 204);
                }
            }
            "end of sessions" => {
                run(&app, Command::EndSessions { email: Some(email()), all: false }).await.unwrap();
            }
            _ => {
                run(&app, Command::Deactivate { email: email() }).await.unwrap();
                run(&app, Command::Activate { email: email() }).await.unwrap();
            }
        }
        let late = Request::post("/knock").header("cookie", format!("pending={old}"));
        assert_eq!(app.send(late, "knock").await.status, 410, "{ends}");
    }
}

#[tokio::test]
async fn one_session_comes_of_a_login() {
    let app = start().await;
    let browser = waiting(&app).await;
    let cookie = format!("pending={}", browser.cookie("pending").unwrap());
    let attempts = (0..4).map(|_| app.send(Request::post("/knock").header("cookie", &cookie), "knock"));
    let answers = join_all(attempts).await;
    let done = answers.iter().filter(|answer| answer.header("location") == "/").count();
    assert_eq!((done, count(&app, "sessions").await), (1, 1));
    assert_eq!(take(&mut waiting(&app).await, "knock knock").await.0, 410, "it is used up");
    assert_eq!(count(&app, "sessions").await, 1);
}

#[tokio::test]
async fn whose_steps_are_taken_away_proves_the_address() {
    let app = start().await;
    let mut browser = waiting(&app).await;
    take(&mut browser, "knock").await;
    auth::remove_steps(&app.application.state, ANN).await.unwrap();
    assert_eq!(status(&mut browser, "/account").await, 303);
    assert_eq!(sign_in(&mut app.browser(), ANN, PASSWORD).await.status, 401, "whoever has asked may know it");
    assert!(mail_to(&app, ANN).content.text.contains("/password/forgot"));
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let reset = json!({ "token": token(&mail_to(&app, ANN).content.text), "password": OTHER });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
    assert_eq!(sign_in(&mut app.browser(), ANN, OTHER).await.header("location"), "/knock");
}
