//! Mails that arrive.

use std::{sync::Arc, time::Duration};

use email::{State, TestMail};
use kernel::{Application, Config, database};
use mailer::{Mail, Recipient};
use testkit::TestApp;

use crate::{
    ANN, News, Reset, email, emails, modules, send, send_to,
    server::{MailServer, header},
    start, start_with, states,
};

#[tokio::test]
async fn a_mail_arrives_once_with_both_of_its_texts() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app =
        start_with(&server, &[("MAIL_FROM", "Shop <shop@example.com>"), ("MAIL_REPLY_TO", "help@example.com")]).await;
    send(&app, &TestMail::sample()).await;
    assert!(server.mails().is_empty(), "nothing leaves in the request");
    app.run_jobs().await;

    let (mails, stored) = (server.mails(), email(&app).await);
    assert_eq!((mails.len(), stored.state, stored.attempts, stored.doubts), (1, State::Sent, 1, 0));
    assert_eq!(stored.reply.as_deref(), Some("250 2.0.0 taken"));
    let header = |name| header(&mails[0], name).unwrap_or_default();
    assert_eq!(header("X-Envelope-To"), ANN);
    assert_eq!(
        (header("From"), header("Reply-To")),
        ("Shop <shop@example.com>".to_owned(), "help@example.com".to_owned())
    );
    assert_eq!(header("Message-ID"), stored.message_id);
    assert!(stored.message_id.ends_with("@example.com>"), "{}", stored.message_id);
    assert!(header("Content-Type").starts_with("multipart/alternative"), "{}", mails[0]);
    assert!(mails[0].contains("Content-Type: text/plain") && mails[0].contains("Content-Type: text/html"));
    assert_eq!((header("Auto-Submitted"), header("List-Unsubscribe")), ("auto-generated".to_owned(), String::new()));
}

#[tokio::test]
async fn a_mail_of_a_transaction_that_is_rolled_back_is_never_sent() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    let state = &app.application.state;
    mailer::send(state, &mut transaction, &Recipient::new(ANN), &TestMail::sample()).await.unwrap();
    transaction.rollback().await.unwrap();
    app.run_jobs().await;
    assert!(emails(&app).await.is_empty() && server.mails().is_empty());
}

#[tokio::test]
async fn a_key_is_accepted_once() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    for _ in 0..3 {
        send_to(&app, &Recipient::new(ANN).key("welcome".to_owned()), &TestMail::sample()).await;
    }
    app.run_jobs().await;
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent], 1));
}

#[tokio::test]
async fn passwords_and_certificates_are_checked() {
    for tls in ["starttls", "implicit"] {
        let Some(server) = MailServer::start(&["--tls", tls]) else { return };
        let url = server.url.replace("://", "://user:secret@");
        let app = start_with(&server, &[("SMTP_URL", &url)]).await;
        send(&app, &TestMail::sample()).await;
        app.run_jobs().await;
        assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent], 1), "{:?}", email(&app).await.reply);
    }
}

#[tokio::test]
async fn a_job_that_runs_again_sends_nothing() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    sqlx::query("UPDATE _jobs SET state = 'waiting', finished_at = NULL").execute(app.db()).await.unwrap();
    app.run_jobs().await;
    assert_eq!((email(&app).await.attempts, server.mails().len()), (1, 1));
}

/// A process that died before the text was under way has sent nothing; one that died after that may have.
#[tokio::test]
async fn a_mail_that_a_dead_process_left_behind_is_sent_and_doubt_is_counted() {
    for (data_since, doubts) in [(None, 0), (Some("data_since"), 1)] {
        let Some(server) = MailServer::start(&[]) else { return };
        let app = start(&server).await;
        send(&app, &TestMail::sample()).await;
        let column = data_since.map_or("NULL", |_| "created_at");
        let query = format!("UPDATE emails SET state = 'sending', attempts = 1, data_since = {column}");
        sqlx::query(sqlx::AssertSqlSafe(query)).execute(app.db()).await.unwrap();
        app.run_jobs().await;
        let stored = email(&app).await;
        assert_eq!((stored.state, stored.attempts, stored.doubts), (State::Sent, 2, doubts));
        assert_eq!(server.mails().len(), 1);
    }
}

/// A worker that was cut off for so long that another one has the mail now must not send it as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_taken_over_is_not_sent_by_the_one_who_had_it() {
    let Some(mut server) = MailServer::start(&["--fault", "data=wait"]) else { return };
    let app = start_with(&server, &[("SMTP_TIMEOUT_SECONDS", "20")]).await;
    send(&app, &TestMail::sample()).await;
    let jobs = tokio::spawn({
        let app = app.clone();
        async move { app.run_jobs().await }
    });
    server.wait_for("data");
    sqlx::query("UPDATE emails SET attempts = attempts + 1").execute(app.db()).await.unwrap();
    server.go_on();
    jobs.await.unwrap();
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sending], 0));
}

#[tokio::test]
async fn scenario_17_no_text_becomes_a_header() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    let long = "x".repeat(10_000);
    for title in ["\u{202e}evil", "Sälë = 50 %?=", &long] {
        send(&app, &News { title: title.to_owned() }).await;
    }
    for to in [
        "ann@example.com\r\nBcc: bob@example.com",
        "ann@example.com>\r\nRCPT TO:<bob@example.com",
        "no address",
        "\0@x",
        &long,
    ] {
        send_to(&app, &Recipient::new(to), &TestMail::sample()).await;
    }
    app.run_jobs().await;
    let states = states(&app).await;
    assert_eq!(states[..3], [State::Sent; 3]);
    assert_eq!(states[3..], [State::Bounced; 5], "they are no addresses");
    let mails = server.mails();
    assert_eq!(mails.len(), 3);
    for mail in &mails {
        let head = mail.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii() && head.lines().all(|line| line.len() < 998), "{head}");
        assert!(!mail.to_lowercase().contains("bcc:"));
    }

    let mut transaction = database::begin(app.db()).await.unwrap();
    let (state, to) = (&app.application.state, Recipient::new(ANN));
    for title in ["Hello\r\nBcc: bob@example.com", "a\0b"] {
        let news = News { title: title.to_owned() };
        assert!(mailer::send(state, &mut transaction, &to, &news).await.is_err(), "{title:?}");
    }
}

#[tokio::test]
async fn what_gives_access_is_in_no_table() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    let mails = server.mails();
    assert!(mails[0].contains("https://app.test/?token"), "{}", mails[0]);
    let stored: Vec<String> = sqlx::query_scalar("SELECT payload FROM _jobs").fetch_all(app.db()).await.unwrap();
    assert!(stored.iter().all(|payload| !payload.contains("app.test")));
    assert!(!email(&app).await.data.contains("app.test"));
}

#[tokio::test]
async fn old_mails_go() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    send(&app, &TestMail::sample()).await;
    app.clock().advance(Duration::from_hours(24 * 91));
    email::prune(&app.application.state).await.unwrap();
    assert_eq!(states(&app).await, [State::Queued], "what waits stays");
}

#[tokio::test]
async fn production_needs_a_server_and_a_sender() {
    let app = TestApp::start(vec![]).await;
    let build = |more: &[(&str, &str)]| {
        let own = [
            ("APP_ENV", "production"),
            ("PUBLIC_URL", "https://app.test"),
            ("DATABASE_URL", app.database_url()),
            ("APP_SECRET", "the secret of a test, which everybody may know"),
        ];
        let all = own.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let built = Config::from_variables(&all, &modules()).map_err(anyhow::Error::from);
        built.and_then(|config| Application::build(config, app.db().clone(), modules()).map(Arc::new))
    };
    let wrong = |more: &[(&str, &str)]| format!("{:#}", build(more).unwrap_err());
    let from = ("MAIL_FROM", "shop@example.com");
    assert!(wrong(&[from]).contains("SMTP_URL is missing"));
    let open = wrong(&[from, ("SMTP_URL", "smtp://user:pass@smtp.example.com")]);
    assert!(open.contains("SMTP_URL is malformed") && !open.contains("pass@"), "{open}");
    assert!(wrong(&[("SMTP_URL", "smtps://smtp.example.com")]).contains("MAIL_FROM"));
    assert!(build(&[from, ("SMTP_URL", "smtps://user:hidden@smtp.example.com")]).is_ok());
}
