use auth::commands::{Command, Users};
use clap::Parser;
use kernel::{Inspect, Seed};
use serde_json::Value;
use testkit::TestApp;

use crate::{ANN, PASSWORD, account, account_with, count, create, login, run, start};

/// What is pointed out about the database.
async fn inspect(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for Inspect(look) in app.application.state.all() {
        found.extend(look(app.application.state.clone()).await.unwrap());
    }
    found
}

fn email(email: &str) -> String {
    email.to_owned()
}

#[tokio::test]
async fn no_account_exists_until_one_is_made() {
    let app = start().await;
    assert_eq!(count(&app, "users").await, 0);
    assert!(inspect(&app).await[0].contains("app user create EMAIL --admin"));
    account(&app, ANN).await;
    assert_eq!(inspect(&app).await.len(), 1, "a user manages nothing");
    account_with(&app, "admin@example.com", true).await;
    assert!(inspect(&app).await.is_empty());
    assert_eq!(login(&app, "admin@example.com", PASSWORD).await.json::<Value>()["role"], "admin");
}

#[tokio::test]
async fn an_account_is_made_once() {
    let app = start().await;
    create(&app, ANN, false).await;
    let twice = Command::Create { email: email("ANN@example.com"), name: None, admin: true };
    let error = run(&app, twice).await.unwrap_err();
    assert!(error.to_string().contains("There is an account with this address."), "{error}");
    let odd = Command::Create { email: email("ann"), name: None, admin: false };
    assert!(run(&app, odd).await.unwrap_err().to_string().contains("no address"));
}

#[tokio::test]
async fn accounts_are_listed_and_shown() {
    let app = start().await;
    account_with(&app, "admin@example.com", true).await;
    account(&app, ANN).await;
    create(&app, "bob@example.com", false).await;
    let list = |admins, json| run(&app, Command::List { admins, limit: 50, json });
    let table = list(false, false).await.unwrap();
    let states: Vec<_> = table.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(states, ["invited", "active", "active"], "{table}");
    let admins: Value = serde_json::from_str(&list(true, true).await.unwrap()).unwrap();
    assert_eq!((admins.as_array().unwrap().len(), &admins[0]["email"]), (1, &"admin@example.com".into()));
    assert!(!admins.to_string().contains("argon2"));
    let shown = run(&app, Command::Show { email: email("Ann@Example.com") }).await.unwrap();
    assert!(shown.contains("role      user") && shown.contains("state     active"), "{shown}");
    assert!(run(&app, Command::Show { email: email("eve@example.com") }).await.is_err());
}

#[tokio::test]
async fn the_last_admin_stays() {
    let app = start().await;
    account_with(&app, ANN, true).await;
    let attempts = || {
        let of = || email(ANN);
        [
            Command::Demote { email: of() },
            Command::Deactivate { email: of() },
            Command::Delete { email: of(), yes: true },
        ]
    };
    for command in attempts() {
        let error = run(&app, command.clone()).await.unwrap_err();
        assert!(error.to_string().contains("last administrator"), "{command:?}: {error}");
    }
    account_with(&app, "bob@example.com", true).await;
    // Two at once: one of them stays.
    let demote = |who: &str| run(&app, Command::Demote { email: email(who) });
    let (ann, bob) = tokio::join!(demote(ANN), demote("bob@example.com"));
    assert!(ann.is_ok() != bob.is_ok(), "{ann:?} {bob:?}");
    assert_eq!(count(&app, "users WHERE role = 'admin'").await, 1);
}

/// In development, `app seed` makes somebody to work with, once.
#[tokio::test]
async fn there_is_somebody_to_develop_with() {
    let app = start().await;
    for _ in 0..2 {
        for Seed(fill) in app.application.state.all() {
            fill(app.application.state.clone()).await.unwrap();
        }
    }
    assert_eq!(count(&app, "users").await, 2);
    for (email, role) in [("admin@example.com", "admin"), (ANN, "user")] {
        assert_eq!(login(&app, email, "only in development").await.json::<Value>()["role"], role);
    }
    assert!(inspect(&app).await.is_empty());
}

#[tokio::test]
async fn everybody_is_signed_out_at_once() {
    let app = start().await;
    for email in [ANN, "bob@example.com"] {
        account(&app, email).await;
        login(&app, email, PASSWORD).await;
    }
    assert_eq!(count(&app, "sessions").await, 2);
    let said = run(&app, Command::EndSessions { email: None, all: true }).await.unwrap();
    assert_eq!((said.as_str(), count(&app, "sessions").await), ("everybody is signed out: 2 sessions\n", 0));
    for (arguments, is_clear) in [(&["--all"][..], true), (&[ANN], true), (&[], false), (&["--all", ANN], false)] {
        let words = ["user", "end-sessions"].iter().chain(arguments);
        assert_eq!(Users::try_parse_from(words).is_ok(), is_clear, "{arguments:?}");
    }
}

#[tokio::test]
async fn roles_come_and_go() {
    let app = start().await;
    account_with(&app, "admin@example.com", true).await;
    account(&app, ANN).await;
    run(&app, Command::Promote { email: email(ANN) }).await.unwrap();
    assert!(run(&app, Command::Promote { email: email(ANN) }).await.is_err());
    assert_eq!(login(&app, ANN, PASSWORD).await.json::<Value>()["role"], "admin");
    run(&app, Command::Demote { email: email(ANN) }).await.unwrap();
    assert_eq!(login(&app, ANN, PASSWORD).await.json::<Value>()["role"], "user");
}

#[tokio::test]
async fn an_account_is_deleted_with_what_belongs_to_it() {
    let app = start().await;
    account(&app, ANN).await;
    login(&app, ANN, PASSWORD).await;
    let unsure = Command::Delete { email: email(ANN), yes: false };
    assert!(run(&app, unsure).await.unwrap_err().to_string().contains("--yes"));
    run(&app, Command::Delete { email: email(ANN), yes: true }).await.unwrap();
    for table in ["users", "sessions", "links", "activity"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 401);
}
