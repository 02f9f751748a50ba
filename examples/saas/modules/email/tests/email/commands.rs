//! `app mail`.

use clap::Parser;
use email::{Command, State, TestMail};
use mailer::Mail;
use serde_json::Value;
use testkit::TestApp;

use crate::{ANN, News, Reset, email, emails, modules, run_all_jobs, send, server::MailServer, start, states};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What a command line prints, or the error.
async fn mail(app: &TestApp, line: &str) -> Result<String, String> {
    let arguments = std::iter::once("mail").chain(line.split_whitespace());
    let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?;
    email::run(&app.application.state, cli.command).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn mails_are_listed_and_shown_without_their_text() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=450 4.2.2 full", "--times", "1"]) else { return };
    let app = start(&server).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    let list = mail(&app, "list").await.unwrap();
    assert_eq!(list.lines().count(), 3, "{list}");
    let waiting = mail(&app, "list --state queued --to ann@example.com").await.unwrap();
    assert!(
        waiting.contains("shop.reset") && waiting.contains("rcpt-to") && !waiting.contains("email.test"),
        "{waiting}"
    );
    assert_eq!(mail(&app, "list --to bob@example.com").await.unwrap().lines().count(), 1);
    assert!(mail(&app, "list --state lost").await.unwrap_err().contains("possible values"));

    let id = emails(&app).await[0].id;
    let shown = mail(&app, &format!("show {id}")).await.unwrap();
    assert!(shown.contains("4.2.2 full") && shown.contains(ANN), "{shown}");
    let json: Value = serde_json::from_str(&mail(&app, &format!("show {id} --json")).await.unwrap()).unwrap();
    assert_eq!((&json["state"], &json["reason"]), (&"queued".into(), &"rcpt-to".into()));
    for text in [shown, json.to_string()] {
        assert!(!text.contains("of-a-sample"), "{text}");
    }
    assert!(mail(&app, "show 019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10").await.unwrap_err().contains("no mail"));
}

#[tokio::test]
async fn what_waits_is_tried_at_once_or_cancelled() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=450 4.2.2 full", "--times", "2"]) else { return };
    let app = start(&server).await;
    for _ in 0..2 {
        send(&app, &TestMail::sample()).await;
        app.run_jobs().await;
    }
    assert_eq!(states(&app).await, [State::Queued, State::Queued]);
    let ids: Vec<_> = emails(&app).await.into_iter().map(|email| email.id).collect();
    mail(&app, &format!("cancel {}", ids[0])).await.unwrap();
    mail(&app, &format!("retry {}", ids[1])).await.unwrap();
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Cancelled, State::Sent]);
    // The attempts that were scheduled before find nothing to do.
    run_all_jobs(&app).await;
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Cancelled, State::Sent], 1));

    assert!(mail(&app, &format!("cancel {}", ids[1])).await.unwrap_err().contains("does not wait"));
    assert!(mail(&app, &format!("retry {}", ids[1])).await.unwrap_err().contains("is sent"));
    mail(&app, &format!("retry {}", ids[0])).await.unwrap();
    app.run_jobs().await;
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent, State::Sent], 2));
}

#[tokio::test]
async fn what_is_tried_at_once_is_not_tried_more_often() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=450 4.2.2 full"]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    mail(&app, &format!("retry {}", email(&app).await.id)).await.unwrap();
    app.run_jobs().await;
    assert_eq!(email(&app).await.attempts, 2);
    // Both the attempt that was scheduled at first and the new one.
    run_all_jobs(&app).await;
    assert_eq!(email(&app).await.attempts, 3);
}

/// The server may have it: nobody can call it back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_sent_is_neither_cancelled_nor_sent_twice() {
    let Some(mut server) = MailServer::start(&["--fault", "dot=stall", "--times", "1"]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    let jobs = tokio::spawn({
        let app = app.clone();
        async move { app.run_jobs().await }
    });
    server.wait_for("dot");
    let id = email(&app).await.id;
    for command in ["cancel", "retry"] {
        assert!(mail(&app, &format!("{command} {id}")).await.is_err(), "{command}");
    }
    assert_eq!(states(&app).await, [State::Sending]);
    assert!(email(&app).await.data_since.is_some(), "whoever finds it must know that its text was under way");
    jobs.await.unwrap();
    assert_eq!(states(&app).await, [State::Queued]);
}

#[tokio::test]
async fn all_that_failed_are_tried_again() {
    let Some(server) = MailServer::start(&["--fault", "dot=cut", "--times", "2"]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    run_all_jobs(&app).await;
    run_all_jobs(&app).await;
    assert_eq!(states(&app).await, [State::Failed]);
    assert_eq!(mail(&app, "retry --failed").await.unwrap().lines().count(), 1);
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Sent]);
}

#[tokio::test]
async fn a_test_mail_tells_what_the_server_says() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=451 4.7.1 not you", "--times", "1"]) else { return };
    let app = start(&server).await;
    let refused = mail(&app, "test ann@example.com").await.unwrap_err();
    assert!(refused.contains("rcpt-to") && refused.contains("4.7.1 not you"), "{refused}");
    run_all_jobs(&app).await;
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Cancelled], 0), "it is not tried again");
    let taken = mail(&app, "test ann@example.com").await.unwrap();
    assert!(taken.contains("has taken it: 250"), "{taken}");
    assert_eq!(server.mails().len(), 1);

    let without = TestApp::start(modules()).await;
    assert!(mail(&without, "test ann@example.com").await.unwrap().contains("/dev/mail"));
    assert_eq!(email(&without).await.state, State::Kept);
}

#[tokio::test]
async fn addresses_are_suppressed_by_hand_and_let_through_again() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    mail(&app, "suppress ann@example.com --notifications").await.unwrap();
    send(&app, &News::sample()).await;
    send(&app, &Reset::sample()).await;
    mail(&app, "suppress bob@example.com").await.unwrap();
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Suppressed, State::Sent]);
    let list = mail(&app, "suppressions").await.unwrap();
    assert!(list.lines().count() == 3 && list.contains("notification") && list.contains("manual"), "{list}");
    assert_eq!(mail(&app, "suppressions BOB@example.com").await.unwrap().lines().count(), 2);
    assert!(mail(&app, "test bob@example.com").await.unwrap_err().contains("gets no mail"));

    mail(&app, "unsuppress Ann@Example.com").await.unwrap();
    assert!(mail(&app, "unsuppress ann@example.com").await.unwrap_err().contains("already"));
    send(&app, &News::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await.last(), Some(&State::Sent));
}
