use std::time::Duration;

use auth::commands::Command;
use mailer::Kind;
use serde_json::{Value, json};

use crate::{ANN, OTHER, PASSWORD, browser, count, mail_to, reset, run, sign_in, start, status, token, turn_on};

#[tokio::test]
async fn a_command_takes_it_away_from_whoever_has_lost_it() {
    let app = start().await;
    let command = || Command::RemoveSecondFactor { email: ANN.to_owned() };
    assert!(run(&app, command()).await.unwrap_err().to_string().contains("password alone"));
    let mut session = browser(&app, ANN).await;
    let shown = async || run(&app, Command::Show { email: ANN.to_owned() }).await.unwrap();
    assert!(!shown().await.contains("step"));
    turn_on(&app, &mut session).await;
    let since = format!("step      code since {}", app.clock().now().date());
    assert!(shown().await.contains(&since), "{}", shown().await);
    assert!(run(&app, command()).await.unwrap().starts_with(ANN));
    assert_eq!((count(&app, "two_factor").await, count(&app, "recovery_codes").await), (0, 0));
    // Whoever has asked for it may know the password: the mailbox proves who it is.
    assert_eq!(status(&mut session, "/account").await, 303);
    assert_eq!(sign_in(&mut app.browser(), ANN, PASSWORD).await.status, 401);
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    reset(&app, token(&mail_to(&app, ANN).content.text), OTHER).await;
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, ANN, OTHER).await.header("location"), "/");
    assert!(browser.get("/account").await.body.contains("removed by those who run the site"));
}

#[tokio::test]
async fn an_export_tells_of_it() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let (phone, codes) = turn_on(&app, &mut browser).await;
    let file = browser.get("/account/export").await;
    let export: Value = file.json();
    assert_eq!(export["two_factor"]["recovery_codes_left"], 10);
    assert!(export["two_factor"]["since"].is_string());
    assert!(!file.body.contains(&phone.0) && !file.body.contains(&codes[0]));
}

#[tokio::test]
async fn it_goes_with_the_account() {
    let app = start().await;
    crate::account(&app, "bob@example.com", false).await;
    for email in [ANN, "bob@example.com"] {
        turn_on(&app, &mut browser(&app, email).await).await;
    }
    let mut browser = app.browser();
    sign_in(&mut browser, ANN, PASSWORD).await;
    run(&app, Command::Delete { email: ANN.to_owned(), yes: true }).await.unwrap();
    for (table, left) in [("two_factor", 1), ("recovery_codes", 10), ("pending_logins", 0)] {
        assert_eq!(count(&app, table).await, left, "{table}");
    }
    app.clock().advance(Duration::from_hours(1));
    schedules::accept_due::<auth::CleanUp>(&app.application.state).await.unwrap();
    app.run_jobs().await;
    assert_eq!(count(&app, "two_factor").await, 1);
}

#[tokio::test]
async fn every_mail_can_be_written() {
    let app = start().await;
    let kinds = app.application.state.all::<&'static Kind>();
    let kind = kinds.iter().find(|kind| kind.name == "two_factor.notice").unwrap();
    for what in [json!("TurnedOn"), json!("TurnedOff"), json!("CodesMade"), json!({ "CodeUsed": { "left": 1 } })] {
        let content = (kind.write)(&json!({ "what": what }), &app.application.state).unwrap();
        assert!(content.subject.chars().count() <= 70, "{}", content.subject);
        assert!(content.text.contains("https://app.test/password/forgot") && !content.text.contains("token="));
    }
}
