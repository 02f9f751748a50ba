//! A server that fails at each step, and what becomes of the mail.

use email::{State, TestMail};
use mailer::{Mail, Recipient};
use testkit::TestApp;

use crate::{ANN, email, run_all_jobs, send, send_to, server::MailServer, start, start_with, states};

/// One attempt against a server with this fault.
async fn attempt(arguments: &[&str], more: &[(&str, &str)]) -> Option<(TestApp, MailServer)> {
    let server = MailServer::start(arguments)?;
    let app = start_with(&server, more).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    Some((app, server))
}

/// The mail waits, and is sent when the server is well again.
#[tokio::test]
async fn a_server_that_cannot_be_used_keeps_mail_waiting() {
    let faults = [
        ("connect=421 later", "connect"),
        ("connect=554 go away", "connect"),
        ("connect=cut", "connect"),
        ("connect=stall", "connect"),
        ("ehlo=cut", "connect"),
        ("ehlo=550 no", "connect"),
        ("mail=451 later", "mail-from"),
        ("mail=550 5.7.1 you may not send as that", "mail-from"),
        ("mail=cut", "mail-from"),
        ("mail=stall", "mail-from"),
        ("rcpt=530 5.7.0 sign in first", "rcpt-to"),
    ];
    for (fault, step) in faults {
        // HELO after a refused EHLO, or a second connection, would need another one.
        let Some((app, server)) = attempt(&["--fault", fault, "--times", "1"], &[]).await else { return };
        let stored = email(&app).await;
        assert_eq!(
            (stored.state, stored.reason.as_deref()),
            (State::Queued, Some(step)),
            "{fault}: {:?}",
            stored.reply
        );
        let wait = stored.next_attempt_at.unwrap() - stored.created_at;
        assert!((60..=90).contains(&wait.whole_seconds()), "{fault}: {wait}");
        assert_eq!((stored.deferrals, stored.doubts), (0, 0), "{fault}");
        run_all_jobs(&app).await;
        assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent], 1), "{fault}");
    }
}

#[tokio::test]
async fn a_mail_that_is_put_off_is_tried_again_and_given_up_in_the_end() {
    for (fault, step) in [
        ("rcpt=450 4.2.0 come back later", "rcpt-to"),
        ("rcpt=cut", "rcpt-to"),
        ("rcpt=stall", "rcpt-to"),
        ("data=451 later", "data"),
        ("data=cut", "data"),
        ("dot=452 4.3.1 disk full", "message"),
    ] {
        let Some((app, server)) = attempt(&["--fault", fault, "--times", "1"], &[]).await else { return };
        let stored = email(&app).await;
        assert_eq!(
            (stored.state, stored.reason.as_deref()),
            (State::Queued, Some(step)),
            "{fault}: {:?}",
            stored.reply
        );
        assert_eq!((stored.deferrals, stored.doubts), (1, 0), "{fault}");
        run_all_jobs(&app).await;
        assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent], 1), "{fault}");
    }

    let Some((app, server)) = attempt(&["--fault", "rcpt=450 4.2.0 come back later"], &[]).await else { return };
    for _ in 0..9 {
        run_all_jobs(&app).await;
    }
    let stored = email(&app).await;
    assert_eq!((stored.state, stored.attempts, server.mails().len()), (State::Failed, 8, 0));
}

#[tokio::test]
async fn a_refusal_is_final() {
    for (fault, step) in [
        ("rcpt=550 5.7.1 not from you", "rcpt-to"),
        ("data=554 no", "data"),
        ("dot=554 5.6.0 no such content", "message"),
    ] {
        let Some((app, server)) = attempt(&["--fault", fault], &[]).await else { return };
        run_all_jobs(&app).await;
        let stored = email(&app).await;
        assert_eq!(
            (stored.state, stored.reason.as_deref(), stored.attempts),
            (State::Bounced, Some(step), 1),
            "{fault}"
        );
        assert!(server.mails().is_empty());
        send(&app, &TestMail::sample()).await;
        run_all_jobs(&app).await;
        assert_eq!(states(&app).await, [State::Bounced, State::Bounced], "{fault} suppresses nothing");
    }
}

#[tokio::test]
async fn one_bad_address_stops_no_other() {
    let fault = ["--fault", "rcpt=550 5.1.1 nobody here", "--times", "1"];
    let Some((app, server)) = attempt(&fault, &[]).await else { return };
    send(&app, &TestMail::sample()).await;
    send_to(&app, &Recipient::new("bob@example.com"), &TestMail::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Bounced, State::Suppressed, State::Sent], "{ANN} is not there");
    assert_eq!(server.mails().len(), 1);
}

/// Nobody knows whether the server has the mail: it gets it once more, with the same id, and that is counted.
#[tokio::test]
async fn a_connection_that_breaks_after_the_text_allows_one_more_attempt() {
    for fault in ["dot=cut", "dot=stall"] {
        let Some((app, server)) = attempt(&["--fault", fault, "--times", "1"], &[]).await else { return };
        let stored = email(&app).await;
        assert_eq!((stored.state, stored.doubts), (State::Queued, 1), "{fault}: {:?}", stored.reply);
        run_all_jobs(&app).await;
        assert_eq!(states(&app).await, [State::Sent], "{fault}");
        let mails = server.mails();
        let ids: Vec<_> = mails.iter().filter_map(|mail| crate::server::header(mail, "Message-ID")).collect();
        assert_eq!(ids, [stored.message_id.clone(), stored.message_id], "{fault}");
    }
    let Some((app, server)) = attempt(&["--fault", "dot=cut"], &[]).await else { return };
    for _ in 0..3 {
        run_all_jobs(&app).await;
    }
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Failed], 2), "twice, and not eight times");
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_encryption_is_wanted() {
    let Some(server) = MailServer::start(&[]) else { return };
    let url = format!("{}?starttls=required", server.url);
    let app = start_with(&server, &[("SMTP_URL", &url)]).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    let stored = email(&app).await;
    assert_eq!((stored.state, stored.reason.as_deref()), (State::Queued, Some("starttls")), "{:?}", stored.reply);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    for (tls, step) in [("starttls", "starttls"), ("implicit", "connect")] {
        let Some((app, server)) = attempt(&["--tls", tls], &[("SMTP_CA_FILE", "")]).await else { return };
        let stored = email(&app).await;
        assert_eq!((stored.state, stored.reason.as_deref()), (State::Queued, Some(step)), "{tls}");
        assert!(stored.reply.unwrap().contains("certificate"), "{tls}");
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_wrong_password_keeps_mail_waiting() {
    let Some(server) = MailServer::start(&[]) else { return };
    let url = server.url.replace("://", "://user:wrong@");
    let app = start_with(&server, &[("SMTP_URL", &url)]).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    let stored = email(&app).await;
    assert_eq!((stored.state, stored.reason.as_deref()), (State::Queued, Some("auth")));
    assert!(!stored.reply.unwrap().contains("wrong"), "the password is in no table");
}

#[tokio::test]
async fn a_server_that_is_not_there_keeps_mail_waiting() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    drop(server);
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    let stored = email(&app).await;
    assert_eq!((stored.state, stored.reason.as_deref()), (State::Queued, Some("connect")));
}
