//! Workers that are killed while the mail server takes a mail: nothing is lost, and what may be doubled is counted.

use std::{
    collections::HashMap,
    env,
    process::{Child, Command, Stdio},
    time::Duration,
};

use email::{Email, State, TestMail};
use kernel::database;
use mailer::{Mail, Recipient};
use testkit::TestApp;
use tokio::time::{interval, timeout};

use crate::server::{MailServer, header};

const KILLS: usize = 20;

/// How many workers are killed: `MAIL_KILLS` says so where more patience is at hand.
fn kills() -> usize {
    env::var("MAIL_KILLS").map_or(KILLS, |kills| kills.parse().expect("MAIL_KILLS is a number"))
}

/// Longer than it takes until others take the jobs of a dead worker, with a heartbeat a second.
const PATIENCE: Duration = Duration::from_mins(1);

fn worker(app: &TestApp, server: &MailServer) -> Child {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_app"));
    worker.arg("worker").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).envs([
        ("APP_ENV", "development"),
        ("DATABASE_URL", app.database_url()),
        ("SMTP_URL", &server.url),
        ("SMTP_CA_FILE", &server.authority),
        ("MAIL_FROM", "shop@example.com"),
        ("WORKER_CONCURRENCY", "1"),
        ("WORKER_HEARTBEAT_SECONDS", "1"),
        ("APP_SECRET", "the secret of a test, which everybody may know"),
    ]);
    worker.spawn().expect("the worker starts")
}

async fn emails(app: &TestApp) -> Vec<Email> {
    sqlx::query_as("SELECT * FROM emails ORDER BY id").fetch_all(app.db()).await.unwrap()
}

/// Half of the workers die before the server has answered that it has the mail, and half of them just after.
#[tokio::test]
async fn scenario_16_killed_workers_lose_nothing_and_count_what_may_be_doubled() {
    let Some(mut server) = MailServer::start(&["--fault", "dot=slow"]) else { return };
    let app = TestApp::start_with(app::modules(), &[("SMTP_URL", &server.url)]).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    let kills = kills();
    // Half of the kills take a mail away from the queue.
    for number in 0..kills + 10 {
        let to = Recipient::new(&format!("ann-{number}@example.com"));
        mailer::send(&app.application.state, &mut transaction, &to, &TestMail::sample()).await.unwrap();
    }
    transaction.commit().await.unwrap();

    for kill in 0..kills {
        let mut victim = worker(&app, &server);
        server.wait_for(if kill % 2 == 0 { "dot" } else { "answered" });
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let mut last = worker(&app, &server);
    let done = async {
        let mut pause = interval(Duration::from_millis(100));
        while emails(&app).await.iter().any(|email| email.state != State::Sent) {
            pause.tick().await;
        }
    };
    let outcome = timeout(PATIENCE, done).await;
    last.kill().unwrap();
    last.wait().unwrap();
    outcome.expect("all mails are sent in the end");

    let mut copies: HashMap<String, i64> = HashMap::new();
    for mail in server.mails() {
        *copies.entry(header(&mail, "Message-ID").unwrap()).or_default() += 1;
    }
    let (mut doubled, mut doubts) = (0, 0);
    for email in emails(&app).await {
        let copies = copies.remove(&email.message_id).unwrap_or_default();
        assert!(copies >= 1, "{} was lost", email.message_id);
        assert!(copies - 1 <= email.doubts, "{} copies and {} doubts", copies, email.doubts);
        doubled += copies - 1;
        doubts += email.doubts;
    }
    assert!(copies.is_empty(), "mails that nobody sent: {copies:?}");
    assert!(
        (1..=i64::try_from(kills).unwrap()).contains(&doubts),
        "{doubts} doubts: each worker sent one mail when it was killed, or none"
    );
    eprintln!("{kills} kills: {doubled} mails doubled, {doubts} counted, none lost");
}
