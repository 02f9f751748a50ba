//! What providers tell, and who pretends to be one.

use std::time::Duration;

use axum::http::Request;
use base64::{Engine, prelude::BASE64_STANDARD};
use email::{State, TestMail};
use hmac::{Hmac, KeyInit, Mac};
use mailer::{AddressProved, Mail, Recipient};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{Response, TestApp};

use crate::{
    ANN, News, Proof, Reset, email, emails, modules, run_all_jobs, send, send_to, server::MailServer, start_with,
    states,
};

const KEY: &[u8] = b"a key that everybody may know";
const MAILGUN: &str = "key-0123456789abcdef";
const POSTMARK: &str = "postmark:a password of a test";

/// The application, with the secrets of all providers.
async fn start(server: &MailServer) -> TestApp {
    let key = format!("whsec_{}", BASE64_STANDARD.encode(KEY));
    let secrets = [
        ("EMAIL_STANDARD_SECRET", &*key),
        ("EMAIL_RESEND_SECRET", &key),
        ("EMAIL_MAILGUN_SECRET", MAILGUN),
        ("EMAIL_POSTMARK_SECRET", POSTMARK),
    ];
    start_with(server, &secrets).await
}

fn now(app: &TestApp) -> i64 {
    app.clock().now().unix_timestamp()
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// Posts a message in the format of Standard Webhooks.
async fn post_standard(app: &TestApp, provider: &str, id: &str, sent: i64, body: &Value) -> Response {
    let (body, prefix) = (body.to_string(), if provider == "resend" { "svix" } else { "webhook" });
    let signature = BASE64_STANDARD.encode(sign(KEY, &format!("{id}.{sent}.{body}")));
    let request = Request::post(format!("/webhooks/email/{provider}"))
        .header("content-type", "application/json")
        .header(format!("{prefix}-id"), id)
        .header(format!("{prefix}-timestamp"), sent)
        .header(format!("{prefix}-signature"), format!("v1,bm8= v1,{signature}"));
    app.send(request, body).await
}

async fn tell(app: &TestApp, id: &str, body: &Value) {
    let answer = post_standard(app, "standard", id, now(app), body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    app.run_jobs().await;
}

fn bounce(bounce: &str, address: &str) -> Value {
    json!({ "type": "email.bounced", "data": { "address": address, "bounce": bounce, "detail": "mailbox gone" } })
}

fn complaint(address: &str) -> Value {
    json!({ "type": "email.complained", "data": { "address": address } })
}

fn mailgun(token: &str, sent: i64, event: &Value) -> Value {
    let bytes = sign(MAILGUN.as_bytes(), &format!("{sent}{token}"));
    let signature = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    json!({ "signature": { "timestamp": sent.to_string(), "token": token, "signature": signature }, "event-data": event })
}

async fn post_postmark(app: &TestApp, password: &str, body: &Value) -> Response {
    let credentials = format!("Basic {}", BASE64_STANDARD.encode(password));
    let request = Request::post("/webhooks/email/postmark").header("authorization", credentials);
    app.send(request, body.to_string()).await
}

async fn count(app: &TestApp, table: &'static str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(app.db()).await.unwrap()
}

/// A mail to Ann, which has left.
async fn sent(server: &MailServer) -> TestApp {
    let app = start(server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Sent]);
    app
}

#[tokio::test]
async fn scenario_18_a_hard_bounce_stops_everything_until_the_address_is_proved_again() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    tell(&app, "1", &bounce("hard", "ANN@example.com")).await;
    let bounced = email(&app).await;
    assert_eq!((bounced.state, bounced.reply.as_deref()), (State::Bounced, Some("mailbox gone")));

    send(&app, &News::sample()).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[1..], [State::Suppressed, State::Suppressed]);
    assert_eq!(server.mails().len(), 1);

    prove(&app).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[3..], [State::Sent]);
}

async fn prove(app: &TestApp) {
    let mut transaction = kernel::database::begin(app.db()).await.unwrap();
    let proved = AddressProved { address: ANN.to_owned() };
    app.application.state.emit(&mut transaction, &proved).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Nobody could show otherwise that an address works again.
#[tokio::test]
async fn scenario_18_a_link_that_proves_the_address_is_sent_once_a_day() {
    let Some(server) = MailServer::start(&[]) else { return };
    for kind in ["hard", "soft"] {
        let app = sent(&server).await;
        for event in ["1", "2", "3"] {
            tell(&app, event, &bounce(kind, ANN)).await;
        }
        let last = async || {
            send(&app, &Proof::sample()).await;
            app.run_jobs().await;
            states(&app).await.pop()
        };
        assert_eq!((last().await, last().await), (Some(State::Sent), Some(State::Suppressed)), "{kind}");
        app.clock().advance(Duration::from_hours(24));
        assert_eq!((last().await, last().await), (Some(State::Sent), Some(State::Suppressed)), "{kind}");
        send(&app, &Reset::sample()).await;
        app.run_jobs().await;
        assert_eq!(states(&app).await.pop(), Some(State::Suppressed), "no other mail");
        prove(&app).await;
        assert_eq!((last().await, last().await), (Some(State::Sent), Some(State::Sent)), "{kind}");
    }
}

/// A mail that is let through has all of its attempts.
#[tokio::test]
async fn a_link_that_was_let_through_is_tried_again_when_the_server_puts_it_off() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    tell(&app, "1", &bounce("hard", ANN)).await;
    drop(server);
    send(&app, &Proof::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[1..], [State::Queued]);
    run_all_jobs(&app).await;
    let email = emails(&app).await.pop().unwrap();
    assert_eq!((email.state, email.attempts), (State::Queued, 2));
}

#[tokio::test]
async fn no_link_is_sent_to_whoever_has_complained_or_is_kept_out() {
    let Some(server) = MailServer::start(&[]) else { return };
    for complained in [true, false] {
        let app = sent(&server).await;
        if complained {
            tell(&app, "1", &bounce("hard", ANN)).await;
            tell(&app, "2", &complaint(ANN)).await;
        } else {
            let command = email::Command::Suppress { address: ANN.to_owned(), notifications: false };
            email::run(&app.application.state, command).await.unwrap();
        }
        send(&app, &Proof::sample()).await;
        app.run_jobs().await;
        assert_eq!(states(&app).await.pop(), Some(State::Suppressed), "{complained}");
    }
}

#[tokio::test]
async fn scenario_18_a_complaint_stops_notifications_and_nothing_else() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    tell(&app, "1", &complaint(ANN)).await;
    for mail in [true, false] {
        if mail { send(&app, &News::sample()).await } else { send(&app, &Reset::sample()).await }
    }
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Complained, State::Suppressed, State::Sent, State::Sent]);

    // A complaint is for good.
    prove(&app).await;
    app.clock().advance(Duration::from_hours(24 * 365));
    send(&app, &News::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[4], State::Suppressed);
}

#[tokio::test]
async fn scenario_18_three_soft_bounces_within_a_week_stop_mail_for_a_week() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    tell(&app, "long ago", &bounce("soft", ANN)).await;
    app.clock().advance(Duration::from_hours(24 * 8));
    for id in ["1", "2", "2", "1"] {
        tell(&app, id, &bounce("soft", ANN)).await;
    }
    assert_eq!(
        (count(&app, "suppressions").await, states(&app).await),
        (0, vec![State::Sent]),
        "told twice is told once"
    );
    tell(&app, "3", &bounce("soft", ANN)).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[1], State::Suppressed);
    app.clock().advance(Duration::from_hours(24 * 7 + 1));
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[2], State::Sent);
}

#[tokio::test]
async fn scenario_17_events_that_arrive_in_another_order_mean_the_same() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    let id = email(&app).await.message_id;
    let delivered = json!({ "type": "email.delivered", "data": { "message_id": id.trim_matches(['<', '>']) } });
    let bounced = json!({ "type": "email.bounced", "data": { "message_id": id, "bounce": "hard" } });
    tell(&app, "2", &bounced).await;
    tell(&app, "1", &delivered).await;
    assert_eq!(states(&app).await, [State::Bounced]);
    assert_eq!(count(&app, "suppressions").await, 1, "the mail tells whose address it was");
}

/// The address of two users is one address.
#[tokio::test]
async fn scenario_17_an_event_without_a_mail_counts_for_the_address_alone() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    send_to(&app, &Recipient::new("bob@example.com"), &TestMail::sample()).await;
    app.run_jobs().await;
    tell(&app, "1", &bounce("hard", "nobody@example.com")).await;
    tell(&app, "2", &json!({ "type": "email.opened", "data": {} })).await;
    assert_eq!((states(&app).await, count(&app, "suppressions").await), (vec![State::Sent, State::Sent], 1));
    assert_eq!(count(&app, "email_events").await, 2, "also those of no consequence");
}

#[tokio::test]
async fn every_provider_is_understood() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    for _ in 0..3 {
        send(&app, &TestMail::sample()).await;
    }
    app.run_jobs().await;
    let ids: Vec<_> = emails(&app).await.into_iter().map(|email| email.message_id).collect();
    let resend = json!({ "type": "email.complained", "data": { "to": [ANN], "email_id": "x" } });
    assert_eq!(post_standard(&app, "resend", "a", now(&app), &resend).await.status, 202);
    let event = json!({ "id": "e", "event": "delivered", "recipient": ANN,
        "message": { "headers": { "message-id": ids[0].trim_matches(['<', '>']) } } });
    let body = mailgun("t", now(&app), &event);
    assert_eq!(app.post_json("/webhooks/email/mailgun", &body).await.status, 202);
    app.run_jobs().await;
    let hard = json!({ "RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Email": ANN, "Details": "gone" });
    assert_eq!(post_postmark(&app, POSTMARK, &hard).await.status, 202);
    app.run_jobs().await;
    let states = states(&app).await;
    assert_eq!(states, [State::Delivered, State::Bounced, State::Complained]);
}

#[tokio::test]
async fn a_provider_without_a_secret_is_not_there() {
    let app = TestApp::start(modules()).await;
    for provider in ["standard", "resend", "mailgun", "postmark", "sendgrid"] {
        let answer = post_standard(&app, provider, "1", now(&app), &bounce("hard", ANN)).await;
        assert_eq!(answer.status, 404, "{provider}");
    }
    assert_eq!(count(&app, "email_events").await, 0);
}

#[tokio::test]
async fn scenario_17_what_is_forged_or_old_is_refused() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    let body = bounce("hard", ANN);
    for age in [301, -301, i64::MAX] {
        let refused = post_standard(&app, "standard", "1", now(&app).saturating_sub(age), &body).await;
        assert_eq!(refused.status, 403, "{age} s old");
    }
    // The signature of another body, of another id, of nobody.
    let text = body.to_string();
    let other = BASE64_STANDARD.encode(sign(KEY, &format!("1.{}.{}", now(&app), bounce("soft", ANN))));
    let wrong_key = BASE64_STANDARD.encode(sign(b"another key", &format!("1.{}.{text}", now(&app))));
    for signature in [&*format!("v1,{other}"), &format!("v1,{wrong_key}"), "v1,", "v1,AAAA", "v0,AAAA", ""] {
        let request = Request::post("/webhooks/email/standard")
            .header("webhook-id", "1")
            .header("webhook-timestamp", now(&app))
            .header("webhook-signature", signature);
        assert_eq!(app.send(request, text.clone()).await.status, 403, "{signature:?}");
    }
    assert_eq!(app.post_json("/webhooks/email/standard", &body).await.status, 403);

    let event = json!({ "id": "e", "event": "failed", "severity": "permanent", "recipient": ANN });
    let mut forged = mailgun("t", now(&app), &event);
    forged["signature"]["token"] = "u".into();
    for body in [forged, mailgun("t", now(&app) - 301, &event), json!({ "event-data": event }), json!([])] {
        assert_eq!(app.post_json("/webhooks/email/mailgun", &body).await.status, 403, "{body}");
    }
    for password in ["", "postmark:", "postmark:another password", &format!("{POSTMARK} ")] {
        let hard = json!({ "RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Email": ANN });
        assert_eq!(post_postmark(&app, password, &hard).await.status, 403, "{password:?}");
    }
    app.run_jobs().await;
    assert_eq!((states(&app).await, count(&app, "email_events").await), (vec![State::Sent], 0));
}

/// Its signature does not cover the message: who has seen one must not be able to send another with it.
#[tokio::test]
async fn scenario_17_a_token_of_mailgun_counts_once() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = sent(&server).await;
    let opened = mailgun("t", now(&app), &json!({ "id": "e", "event": "opened" }));
    assert_eq!(app.post_json("/webhooks/email/mailgun", &opened).await.status, 202);
    let mut replayed = opened;
    replayed["event-data"] = json!({ "id": "f", "event": "failed", "severity": "permanent", "recipient": ANN });
    assert_eq!(app.post_json("/webhooks/email/mailgun", &replayed).await.status, 202);
    app.run_jobs().await;
    assert_eq!((states(&app).await, count(&app, "suppressions").await), (vec![State::Sent], 0));
}

#[tokio::test]
async fn what_is_signed_and_makes_no_sense_is_refused() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    for body in [
        json!({}),
        json!([]),
        json!({ "type": 7, "data": {} }),
        json!({ "type": "email.bounced", "data": { "address": 7 } }),
    ] {
        assert_eq!(post_standard(&app, "standard", "1", now(&app), &body).await.status, 400, "{body}");
    }
    assert_eq!(post_postmark(&app, POSTMARK, &json!({})).await.status, 400);
    let odd = json!({ "type": "email.bounced", "data": { "address": "\0", "message_id": "\0", "detail": "\0" } });
    assert_eq!(post_standard(&app, "standard", "odd", now(&app), &odd).await.status, 202);
    app.run_jobs().await;
    let large = json!({ "type": "x", "data": { "detail": "x".repeat(1024 * 1024) } });
    assert_eq!(post_standard(&app, "standard", "1", now(&app), &large).await.status, 413);
    assert_eq!(count(&app, "email_events").await, 1);
}
