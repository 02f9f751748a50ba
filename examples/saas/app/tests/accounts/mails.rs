//! What becomes of mail when something happens to its recipient.

use std::time::Duration;

use auth::commands::Command;
use serde_json::Value;
use testkit::TestApp;

use crate::people::{ANN, PASSWORD, account, api, mail_to, run, sign_in};

async fn count(app: &TestApp, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(app.db()).await.unwrap()
}

async fn forget(app: &TestApp, email: &str) {
    app.post_json("/api/v1/auth/password/forgot", &serde_json::json!({ "email": email })).await;
    mail_to(app, email).await;
}

#[tokio::test]
async fn the_mails_of_an_account_go_with_it() {
    let app = TestApp::start(app::modules()).await;
    // Before there is an account, a mail belongs to its address alone.
    app.post_json("/api/v1/auth/sign-up", &serde_json::json!({ "email": "Ann@example.com" })).await;
    mail_to(&app, ANN).await;
    for email in [ANN, "bob@example.com"] {
        account(&app, email).await;
        forget(&app, email).await;
    }
    let event = "INSERT INTO email_events (id, provider, event_id, kind, to_key, created_at) \
         SELECT id, 'standard', to_key, 'soft', to_key, created_at FROM emails WHERE user_id IS NOT NULL AND template = $1";
    sqlx::query(event).bind("auth.choose_password").execute(app.db()).await.unwrap();
    let before = count(&app, "SELECT count(*) FROM emails WHERE to_key = 'bob@example.com'").await;
    assert!(count(&app, "SELECT count(*) FROM emails WHERE to_key = 'ann@example.com'").await > 1);
    assert_eq!(count(&app, "SELECT count(*) FROM email_events").await, 2);

    run(&app, Command::Delete { email: ANN.to_owned(), yes: true }).await;
    assert_eq!(count(&app, "SELECT count(*) FROM emails WHERE to_key = 'ann@example.com'").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM emails").await, before);
    assert_eq!(count(&app, "SELECT count(*) FROM email_events").await, 1);
}

#[tokio::test]
async fn an_export_has_the_mails() {
    let app = TestApp::start(app::modules()).await;
    for email in [ANN, "bob@example.com"] {
        account(&app, email).await;
        forget(&app, email).await;
    }
    let mut browser = app.browser();
    sign_in(&mut browser, ANN, PASSWORD).await;
    let export: Value = api(&mut browser, "GET", "/api/v1/account/export", &Value::Null).await.json();
    let mails = export["mails"].as_array().unwrap();
    assert!(!mails.is_empty() && mails.iter().all(|mail| mail["to_address"] == ANN), "{mails:?}");
}

/// Scenario 18: whoever has signed in learns that mail does not arrive.
#[tokio::test]
async fn an_address_that_bounces_is_told_to_its_owner() {
    let app = TestApp::start(app::modules()).await;
    account(&app, ANN).await;
    let mut browser = app.browser();
    sign_in(&mut browser, ANN, PASSWORD).await;
    let bounce = "INSERT INTO suppressions (to_key, scope, reason, source, created_at, expires_at) \
         SELECT email_key, $1, $2, 'standard', created_at, $3 FROM users";
    let now = app.clock().now().truncate_to_second();
    let (before, week) = (now - Duration::from_hours(1), now + Duration::from_hours(7 * 24));
    let comes_back = Some("Mail to your address comes back. Use another one, or you get no more.");
    let is_kept_back = Some("You get no mail from here at present. Ask the people who run this site.");
    for (scope, reason, expires_at, notice) in [
        ("notification", "complaint", None, None),
        ("all", "bounce", None, comes_back),
        ("all", "soft", Some(week), comes_back),
        ("all", "soft", Some(before), None),
        ("all", "manual", None, is_kept_back),
    ] {
        sqlx::query("DELETE FROM suppressions").execute(app.db()).await.unwrap();
        sqlx::query(bounce).bind(scope).bind(reason).bind(expires_at).execute(app.db()).await.unwrap();
        let page = browser.get("/account").await;
        let notices: Vec<_> = page.all("main .notice").iter().map(testkit::Element::text).collect();
        assert_eq!(notices, Vec::from_iter(notice), "{scope} {reason} {expires_at:?}");
    }
}
