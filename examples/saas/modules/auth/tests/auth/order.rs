//! Everything at the same time: nobody waits in a circle.

use auth::commands::Command;
use futures_util::future::{BoxFuture, FutureExt, join_all};
use hyper::Request;
use serde_json::{Value, json};
use testkit::TestApp;
use uuid::Uuid;

use crate::{ANN, OTHER, PASSWORD, account, account_with, browser, mail_to, run, start_with, token};

const ROUNDS: usize = 6;

/// What should not be answered or printed, if anything.
type Fault<'a> = BoxFuture<'a, Option<String>>;

/// A request of a client with a network of its own.
fn ask<'a>(app: &'a TestApp, at: &'static str, session: &str, body: &Value) -> Fault<'a> {
    let (method, path) = at.split_once(' ').unwrap();
    let network = Uuid::new_v4().simple().to_string();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-forwarded-for", format!("2001:db8:{}:{}::1", &network[..4], &network[4..8]))
        .header("cookie", format!("session={session}"));
    let answer = app.send(request, body.to_string());
    answer.map(move |answer| (answer.status.as_u16() >= 500).then(|| format!("{at}: {}", answer.body))).boxed()
}

/// A command: that there is nothing to do for it is no fault.
fn order(app: &TestApp, command: Command) -> Fault<'_> {
    let done = async move { run(app, command).await.map_err(|error| format!("{error:#}")).err() };
    done.map(|error| error.filter(|error| error.contains("database"))).boxed()
}

fn session(browser: &testkit::Browser<'_>) -> String {
    browser.cookie("session").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_in_a_circle() {
    let variables =
        [("TRUSTED_PROXIES", "127.0.0.1"), ("PASSWORD_HASHES_AT_ONCE", "4"), ("DATABASE_CONNECTIONS", "30")];
    let app = start_with(&variables).await;
    account(&app, ANN).await;
    account_with(&app, "admin@example.com", true).await;
    let mut faults = Vec::new();
    for round in 0..ROUNDS {
        // Addresses, roles and passwords are as the round before has left them.
        let query = sqlx::query_scalar("SELECT email FROM users WHERE email <> 'admin@example.com'");
        let email: String = query.fetch_one(app.db()).await.unwrap();
        let command = |make: fn(String) -> Command| order(&app, make(email.clone()));
        command(|email| Command::Activate { email }).await;
        command(|email| Command::Unlock { email }).await;
        let choose = async |password: &str| {
            let url = run(&app, Command::Reset { email: email.clone() }).await.unwrap();
            json!({ "token": token(&url), "password": password })
        };
        app.post_json("/api/v1/auth/password/reset", &choose(PASSWORD).await).await;
        let reset = choose(OTHER).await;
        let (first, second) = (session(&browser(&app, &email).await), session(&browser(&app, &email).await));
        let other = json!({ "email": format!("ann-{round}@example.com") });
        ask(&app, "POST /api/v1/account/email", &first, &other).await;
        app.run_jobs().await;
        let text = mail_to(&app, other["email"].as_str().unwrap()).content.text;

        let login = |password| json!({ "email": email, "password": password });
        let change = json!({ "current": PASSWORD, "password": OTHER, "end_tokens": true });
        let body = json!({ "name": "Backup", "scope": "read", "expires_in_days": 1 });
        let mut all = vec![
            ask(&app, "POST /api/v1/auth/password/reset", "", &reset),
            ask(&app, "PUT /api/v1/account/password", &first, &change),
            ask(&app, "POST /api/v1/account/email/confirm", &second, &json!({ "token": token(&text) })),
            ask(&app, "DELETE /api/v1/account", &second, &json!({ "email": email })),
            command(|email| Command::Promote { email }),
            command(|email| Command::Demote { email }),
            command(|email| Command::Deactivate { email }),
            command(|email| Command::Activate { email }),
            order(&app, Command::Demote { email: "admin@example.com".to_owned() }),
            order(&app, Command::Promote { email: "admin@example.com".to_owned() }),
            app.run_jobs().map(|()| None).boxed(),
        ];
        for _ in 0..4 {
            all.extend([
                ask(&app, "POST /api/v1/auth/login", "", &login(PASSWORD)),
                ask(&app, "POST /api/v1/auth/login", "", &login("wrong")),
                ask(&app, "POST /api/v1/auth/password/forgot", "", &json!({ "email": email })),
                ask(&app, "POST /api/v1/account/tokens", &first, &body),
                ask(&app, "DELETE /api/v1/account/sessions?except=current", &first, &Value::Null),
                ask(&app, "DELETE /api/v1/account/sessions?except=current", &second, &Value::Null),
                command(|email| Command::Unlock { email }),
                command(|email| Command::EndSessions { email: Some(email), all: false }),
                command(|email| Command::Reset { email }),
            ]);
        }
        faults.extend(join_all(all).await.into_iter().flatten());
    }
    assert_eq!(faults, Vec::<String>::new());
}
