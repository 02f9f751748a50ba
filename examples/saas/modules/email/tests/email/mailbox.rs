//! The mailbox of development.

use email::{State, TestMail};
use kernel::Seed;
use mailer::{Kind, Mail, Recipient};
use serde_json::Value;
use testkit::TestApp;

use crate::{ANN, News, Reset, email, modules, run_all_jobs, send, send_to, server::MailServer, states};

/// Development, without a mail server.
async fn start() -> TestApp {
    TestApp::start_with(modules(), &[]).await
}

#[tokio::test]
async fn without_a_server_mail_stays_in_the_mailbox() {
    let app = start().await;
    send(&app, &Reset::sample()).await;
    send_to(&app, &Recipient::new("bob@example.com"), &News::sample()).await;
    run_all_jobs(&app).await;
    assert_eq!(states(&app).await, [State::Kept, State::Kept]);

    let page = app.get("/dev/mail").await;
    assert!(page.status == 200 && page.body.contains(ANN) && page.body.contains("Reset"), "{}", page.body);
    assert_eq!(app.get("/dev/mail?to=%00").await.status, 200);
    let page = app.get("/dev/mail?to=bob%40example.com").await;
    assert!(!page.body.contains(ANN) && page.body.contains("bob@example.com"));
}

#[tokio::test]
async fn a_mail_is_shown_in_all_of_its_shapes() {
    let app = start().await;
    send(&app, &News { title: "<script>alert(1)</script> & more".to_owned() }).await;
    let id = email(&app).await.id;
    let page = app.get(&format!("/dev/mail/{id}")).await;
    assert!(page.body.contains("&#60;script&#62;") && !page.body.contains("<script>"), "{}", page.body);
    for header in ["Message-ID", "List-Unsubscribe-Post", "Auto-Submitted"] {
        assert!(page.body.contains(header), "no {header} in {}", page.body);
    }

    // What a mail brings along may do nothing.
    let html = app.get(&format!("/dev/mail/{id}/html")).await;
    assert!(html.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
    assert_eq!(html.headers.get_all("content-security-policy").iter().count(), 1);
    assert!(html.body.contains("<script>"), "as it is");

    let raw = app.get(&format!("/dev/mail/{id}/raw")).await;
    assert!(raw.header("content-type").starts_with("text/plain") && raw.body.contains("multipart/alternative"));
}

#[tokio::test]
async fn tests_read_mails_as_json() {
    let app = start().await;
    send(&app, &Reset { token: "first".to_owned() }).await;
    let first = email(&app).await.id;
    send(&app, &Reset { token: "second".to_owned() }).await;
    send_to(&app, &Recipient::new("bob@example.com"), &TestMail::sample()).await;
    let mails: Value = app.get(&format!("/dev/mail.json?to=ann%40example.com&after={first}")).await.json();
    assert_eq!(mails.as_array().unwrap().len(), 1, "{mails}");
    assert_eq!((&mails[0]["subject"], &mails[0]["to_address"]), (&"Reset".into(), &ANN.into()));
    assert_eq!(mails[0]["links"][0], "https://app.test/?token=second");
}

#[tokio::test]
async fn every_kind_of_mail_has_a_sample() {
    let app = start().await;
    for kind in app.application.state.all::<&'static Kind>() {
        let page = app.get(&format!("/dev/mail/samples/{}", kind.name)).await;
        assert_eq!(page.status, 200, "{}", kind.name);
        let html = app.get(&format!("/dev/mail/samples/{}/html", kind.name)).await;
        assert!(html.status == 200 && html.header("content-security-policy").starts_with("sandbox"), "{}", kind.name);
    }
    assert_eq!(app.get("/dev/mail/samples/nothing").await.status, 404);
}

#[tokio::test]
async fn the_seed_fills_the_mailbox_once_and_sends_nothing() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = crate::start(&server).await;
    for _ in 0..2 {
        for Seed(fill) in app.application.state.all() {
            fill(app.application.state.clone()).await.unwrap();
        }
    }
    run_all_jobs(&app).await;
    assert_eq!(states(&app).await, [State::Kept; 4]);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn the_mailbox_keeps_the_last_500() {
    let app = start().await;
    send(&app, &TestMail::sample()).await;
    let first = email(&app).await.id;
    for _ in 0..500 {
        send(&app, &TestMail::sample()).await;
    }
    assert_eq!(states(&app).await.len(), 500);
    assert_eq!(app.get(&format!("/dev/mail/{first}")).await.status, 404);
}

#[tokio::test]
async fn production_has_no_mailbox() {
    let production = [
        ("APP_ENV", "production"),
        ("MAIL_FROM", "shop@example.com"),
        ("SMTP_URL", "smtps://smtp.example.com"),
        ("PUBLIC_URL", "http://127.0.0.1"),
    ];
    let app = TestApp::start_with(modules(), &production).await;
    send(&app, &Reset::sample()).await;
    let id = email(&app).await.id;
    for path in [
        "",
        ".json",
        "/samples/shop.reset",
        "/samples/shop.reset/html",
        &format!("/{id}"),
        &format!("/{id}/html"),
        &format!("/{id}/raw"),
    ] {
        assert_eq!(app.get(&format!("/dev/mail{path}")).await.status, 404, "{path}");
    }
}
