use serde_json::{Value, json};

use crate::{
    ANN, OTHER, PASSWORD, account, api, browser, count, drafts, hashes, login, mail_to, path, sign_in, start,
    start_with, status, token,
};

#[tokio::test]
async fn an_account_begins_with_an_address() {
    let app = start().await;
    let mut browser = app.browser();
    let form = browser.get("/sign-up?next=/account").await.form("main form").set("email", "Ann@Example.com");
    let sent = browser.submit(&form).await;
    assert_eq!(sent.status, 200);
    assert!(sent.body.contains("Look into your mail"));
    assert_eq!((count(&app, "users").await, hashes(&app), drafts(&app).len()), (0, 0, 0));

    app.run_jobs().await;
    let mail = mail_to(&app, "Ann@example.com");
    let opened = browser.get(path(&mail.content.text)).await;
    assert_eq!((opened.header("location"), opened.header("referrer-policy")), ("/sign-up/confirm", "same-origin"));
    let page = browser.follow(&opened).await;
    assert!(page.body.contains("For Ann@example.com."));
    let weak = page.form("main form").set("name", "Ann").set("password", "ann@example.com");
    let refused = browser.submit(&weak).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("easy to guess") && refused.body.contains("value=\"Ann\""), "{}", refused.body);
    let form = refused.form("main form").set("password", PASSWORD);
    let done = browser.submit(&form).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/account"));
    assert!(browser.follow(&done).await.body.contains("Welcome, Ann."));
    assert_eq!(browser.cookie("link"), None);

    let used = browser.get(path(&mail.content.text)).await;
    assert_eq!(browser.follow(&used).await.status, 410);
    assert_eq!(sign_in(&mut app.browser(), ANN, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn the_api_makes_accounts_as_well() {
    let app = start().await;
    let asked = app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    assert_eq!(asked.status, 202);
    app.run_jobs().await;
    let mail = mail_to(&app, ANN);
    let token = token(&mail.content.text);
    let confirm = async |password: &str| {
        let body = json!({ "token": token, "name": "Ann", "password": password });
        app.post_json("/api/v1/auth/sign-up/confirm", &body).await
    };
    let refused = confirm("short").await;
    assert_eq!(refused.status, 422);
    assert!(refused.json::<Value>()["errors"]["password"].is_string());
    let made = confirm(PASSWORD).await;
    assert_eq!((made.status.as_u16(), made.json::<Value>()["name"].clone()), (201, json!("Ann")));
    assert!(made.header("set-cookie").starts_with("session="));
    assert_eq!(confirm(PASSWORD).await.status, 410);
    assert_eq!(count(&app, "users").await, 1);
}

#[tokio::test]
async fn an_address_that_is_taken_gets_another_mail() {
    let app = start().await;
    account(&app, ANN).await;
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": "ANN@example.com" })).await;
    app.run_jobs().await;
    let mail = mail_to(&app, ANN);
    assert!(mail.content.subject.contains("already have an account") && !mail.content.text.contains("token="));
    assert_eq!(count(&app, "links WHERE purpose = 'sign_up'").await, 0);
}

#[tokio::test]
async fn an_invited_address_keeps_a_link_from_making_another_account() {
    let app = start().await;
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    account(&app, ANN).await;
    let mail = drafts(&app).remove(0);
    let body = json!({ "token": token(&mail.content.text), "name": "Eve", "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/sign-up/confirm", &body).await.status, 410);
    assert_eq!(count(&app, "users").await, 1);
}

/// 6: whoever asks for an account with the address of somebody else holds nothing when they come.
#[tokio::test]
async fn an_address_cannot_be_taken_before_its_owner_comes() {
    const EVE: &str = "eve@example.com";
    let app = start().await;
    account(&app, EVE).await;
    let (mut stranger, mut eve) = (app.browser(), browser(&app, EVE).await);
    let form = stranger.get("/sign-up?next=/account/tokens").await.form("main form").set("email", ANN);
    let asked = stranger.submit(&form).await;
    assert_eq!((asked.status.as_u16(), asked.header("set-cookie")), (200, ""));
    let body = json!({ "email": ANN }).to_string();
    assert_eq!(api(&mut eve, "POST", "/api/v1/account/email", &body).await.status, 202);
    app.run_jobs().await;
    let eves_link = mail_to(&app, ANN).content.text;
    assert_eq!(sign_in(&mut stranger, ANN, PASSWORD).await.status, 401);
    assert_eq!(count(&app, "users").await, 1, "there is no account before its owner comes");

    // The owner comes by the own link, which ends the stranger's.
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let mail = mail_to(&app, ANN).content.text;
    assert_eq!(count(&app, "links WHERE purpose = 'sign_up' AND used_at IS NULL").await, 1);
    let body = json!({ "token": token(&mail), "name": "Ann", "password": OTHER });
    assert_eq!(app.post_json("/api/v1/auth/sign-up/confirm", &body).await.status, 201);

    // Neither the password nor a session nor the change that waits is worth anything.
    assert_eq!(status(&mut stranger, "/account").await, 303);
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 401);
    let body = json!({ "token": token(&eves_link) }).to_string();
    let refused = api(&mut eve, "POST", "/api/v1/account/email/confirm", &body).await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
    let account: Value = eve.get("/api/v1/account").await.json();
    assert_eq!(account["email"], EVE);
    assert_eq!(login(&app, ANN, OTHER).await.status, 200);
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let app = start().await;
    for email in ["", "ann", "quac\u{212a}@example.org", "\u{ff4a}ohn@example.org", "test\u{43e}@example.org"] {
        let refused = app.post_json("/api/v1/auth/sign-up", &json!({ "email": email })).await;
        assert_eq!(refused.status, 422, "{email}");
    }
    let form = app.post_form("/sign-up", "email=ann").await;
    assert_eq!(form.status, 422);
    assert!(form.body.contains("no address that mail can be sent to"));
    app.run_jobs().await;
    assert!(drafts(&app).is_empty());
}

#[tokio::test]
async fn sign_up_can_be_closed() {
    let app = start_with(&[("SIGN_UP", "closed")]).await;
    assert_eq!(app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await.status, 403);
    let form = app.post_form("/sign-up", &format!("email={ANN}")).await;
    assert_eq!(form.status, 403);
    assert!(form.body.contains("Ask them for one") && !app.get("/login").await.body.contains("/sign-up"));
    assert_eq!(status(&mut app.browser(), "/login").await, 200);
}

#[tokio::test]
async fn an_address_gets_so_many_mails_and_no_more() {
    let app = start().await;
    for _ in 0..5 {
        app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    }
    app.run_jobs().await;
    assert_eq!(drafts(&app).len(), 3);
    assert_eq!(count(&app, "links WHERE used_at IS NULL").await, 1, "only the last link can be used");
    app.clock().advance(std::time::Duration::from_mins(15));
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    assert_eq!(drafts(&app).len(), 4);
}

#[tokio::test]
async fn a_network_asks_for_so_many_mails_and_no_more() {
    let app = start().await;
    let mut statuses = Vec::new();
    for index in 0..11 {
        let asked = json!({ "email": format!("ann{index}@example.com") });
        statuses.push(app.post_json("/api/v1/auth/password/forgot", &asked).await.status.as_u16());
    }
    assert_eq!(statuses, [[202; 10].as_slice(), &[429]].concat());
}
