//! Mail in the health report.

#[path = "email/server.rs"]
mod server;

use std::time::Duration;

use email::TestMail;
use mailer::{Mail, Recipient};
use serde_json::Value;
use testkit::TestApp;

use crate::server::{MailServer, header};

async fn start(variables: &[(&str, &str)]) -> TestApp {
    let modules = vec![
        ui::module(),
        ui::components::module(),
        signing::module(),
        mailer::module(),
        email::module(),
        health_report::module(),
    ];
    TestApp::start_with(modules, variables).await
}

async fn report(app: &TestApp) -> Value {
    let answer = app.get("/health").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_mail_server_that_refuses_degrades_the_report() {
    let Some(server) = MailServer::start(&["--fault", "ehlo=cut"]) else { return };
    let app = start(&[("SMTP_URL", &server.url), ("SMTP_CA_FILE", &server.authority)]).await;
    let report = report(&app).await;
    assert_eq!((&report["status"], &report["checks"]["smtp"]["status"]), (&"degraded".into(), &"failing".into()));
    assert!(report["checks"]["smtp"]["error"].as_str().unwrap().starts_with("connect: "), "{report}");
    assert_eq!(app.get("/health/ready").await.status, 200, "it is no reason to keep traffic away");
}

#[tokio::test]
async fn the_mail_server_is_asked_once_a_minute() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&[("SMTP_URL", &server.url)]).await;
    assert_eq!(report(&app).await["checks"]["smtp"]["status"], "ok");
    drop(server);
    assert_eq!(report(&app).await["checks"]["smtp"]["status"], "ok", "the answer is still good");
}

#[tokio::test]
async fn mail_that_waits_for_long_degrades_the_report() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&[("SMTP_URL", &server.url)]).await;
    let mut transaction = kernel::database::begin(app.db()).await.unwrap();
    let to = Recipient::new("ann@example.com");
    mailer::send(&app.application.state, &mut transaction, &to, &TestMail::sample()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(report(&app).await["status"], "ok");
    app.clock().advance(Duration::from_mins(61));
    let late = report(&app).await;
    assert!(late["checks"]["mail_queue"]["error"].as_str().unwrap().contains("mail waits since"), "{late}");
    app.run_jobs().await;
    assert_eq!(report(&app).await["status"], "ok");
    assert!(header(&server.mails()[0], "Subject").is_some());
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_fail() {
    assert_eq!(report(&start(&[]).await).await["checks"]["smtp"]["status"], "ok");
}
