//! 5: another address, and the way back.

use std::time::Duration;

use serde_json::json;
use testkit::{Browser, TestApp};

use crate::{ANN, OTHER, PASSWORD, account, api, browser, drafts, login, mail_to, path, sign_in, start, status, token};

const NEW: &str = "lee@example.com";

async fn ask(app: &TestApp, browser: &mut Browser<'_>, email: &str) {
    let form = browser.get("/account/email").await.form("main form").set("email", email);
    assert_eq!(browser.submit(&form).await.header("location"), "/account");
    app.run_jobs().await;
}

/// Opens a mailed link and presses its button.
async fn press(browser: &mut Browser<'_>, text: &str) -> u16 {
    let opened = browser.get(path(text)).await;
    let page = browser.follow(&opened).await;
    if page.status != 200 {
        return page.status.as_u16();
    }
    let form = page.form("main form");
    browser.submit(&form).await.status.as_u16()
}

async fn forgotten(app: &TestApp, email: &str) -> usize {
    let before = drafts(app).len();
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": email })).await;
    app.run_jobs().await;
    drafts(app).len() - before
}

#[tokio::test]
async fn an_address_counts_when_it_is_proven() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    ask(&app, &mut browser, NEW).await;
    let text = mail_to(&app, NEW).content.text;
    assert_eq!(forgotten(&app, NEW).await, 0, "before it is proven, it gives no access");
    assert_eq!(login(&app, NEW, PASSWORD).await.status, 401);

    let opened = app.browser().get(path(&text)).await;
    assert_eq!(opened.status, 303, "whoever opens it has to sign in");
    account(&app, "bob@example.com").await;
    let mut bob = crate::browser(&app, "bob@example.com").await;
    assert_eq!(press(&mut bob, &text).await, 410, "in the same account");

    assert_eq!(press(&mut browser, &text).await, 303);
    assert!(browser.get("/account").await.body.contains(NEW));
    assert_eq!(login(&app, NEW, PASSWORD).await.status, 200);
    assert_eq!((forgotten(&app, ANN).await, forgotten(&app, NEW).await), (0, 1));
    let notice = mail_to(&app, ANN).content.text;
    assert!(notice.contains(NEW) && notice.contains("/account/email/undo?token="));
    assert_eq!(press(&mut browser, &text).await, 410, "it is used up");
}

#[tokio::test]
async fn a_stolen_session_keeps_nothing() {
    let app = start().await;
    account(&app, ANN).await;
    let mut thief = browser(&app, ANN).await;
    ask(&app, &mut thief, NEW).await;
    let link = mail_to(&app, NEW).content.text;
    assert_eq!(press(&mut thief, &link).await, 303);
    let undo = mail_to(&app, ANN).content.text;
    // Even another password, another address and a deletion do not help.
    let body = json!({ "current": PASSWORD, "password": OTHER }).to_string();
    assert_eq!(api(&mut thief, "PUT", "/api/v1/account/password", &body).await.status, 204);
    let body = json!({ "name": "x", "scope": "write" }).to_string();
    let made = api(&mut thief, "POST", "/api/v1/account/tokens", &body).await;
    let stolen = made.json::<serde_json::Value>()["token"].as_str().unwrap().to_owned();
    ask(&app, &mut thief, "thief@example.com").await;
    let link = mail_to(&app, "thief@example.com").content.text;
    assert_eq!(press(&mut thief, &link).await, 303);
    let thiefs_undo = mail_to(&app, NEW).content.text;
    let body = json!({ "email": "thief@example.com" }).to_string();
    assert_eq!(api(&mut thief, "DELETE", "/api/v1/account", &body).await.status, 204);

    let mut owner = app.browser();
    assert_eq!(press(&mut owner, &undo).await, 303);
    let request = hyper::Request::get("/api/v1/account").header("authorization", format!("Bearer {stolen}"));
    assert_eq!((status(&mut thief, "/account").await, app.send(request, "").await.status.as_u16()), (303, 401));
    for (email, password) in [(NEW, OTHER), (ANN, OTHER), (ANN, PASSWORD), ("thief@example.com", OTHER)] {
        assert_eq!(login(&app, email, password).await.status, 401, "{email}");
    }
    assert_eq!(press(&mut thief, &thiefs_undo).await, 410, "who came later cannot take it back");
    let reset = json!({ "token": token(&mail_to(&app, ANN).content.text), "password": "a third one by the river" });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
    assert_eq!(sign_in(&mut owner, ANN, "a third one by the river").await.status, 303);
}

#[tokio::test]
async fn a_taken_address_is_not_told() {
    let app = start().await;
    account(&app, ANN).await;
    account(&app, "bob@example.com").await;
    let mut browser = browser(&app, ANN).await;
    let mut answers = Vec::new();
    for email in ["bob@example.com", NEW] {
        let body = json!({ "email": email }).to_string();
        let answer = api(&mut browser, "POST", "/api/v1/account/email", &body).await;
        answers.push((answer.status, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    app.run_jobs().await;
    assert!(mail_to(&app, "bob@example.com").content.subject.contains("already have an account"));
}

#[tokio::test]
async fn the_way_back_is_open_for_a_week() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    ask(&app, &mut browser, NEW).await;
    assert_eq!(press(&mut browser, &mail_to(&app, NEW).content.text).await, 303);
    let undo = mail_to(&app, ANN).content.text;
    app.clock().advance(Duration::from_hours(7 * 24));
    assert_eq!(press(&mut app.browser(), &undo).await, 410);
    assert_eq!(login(&app, NEW, PASSWORD).await.status, 200);
}
