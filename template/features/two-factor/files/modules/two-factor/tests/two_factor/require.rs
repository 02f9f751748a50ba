//! 12: who has to have a second factor, and has none.

use auth::commands::TokenCommand;
use hyper::Request;
use kernel::{Config, Inspect};
use serde_json::{Value, json};
use testkit::{Browser, TestApp};

use crate::{
    ANN, PASSWORD, account, api, browser, enter, leads, modules, start_with, status, turn_on, wait_for_a_code, waiting,
};

const ADMIN: &str = "admin@example.com";

async fn start(required: &str) -> TestApp {
    let app = start_with(&[("REQUIRE_TWO_FACTOR", required)]).await;
    account(&app, ADMIN, true).await;
    app
}

/// What somebody without a second factor reaches.
async fn is_free(browser: &mut Browser<'_>) -> bool {
    let page = browser.get("/account").await;
    let program = browser.get("/api/v1/account").await;
    let renamed = api(browser, "PATCH", "/api/v1/account", &json!({ "name": "x" })).await.status.as_u16();
    if page.status == 200 {
        assert_eq!((program.status.as_u16(), renamed), (200, 200));
        return true;
    }
    assert_eq!(page.header("location"), "/account/two-factor");
    assert_eq!((program.status.as_u16(), renamed), (403, 403));
    assert!(program.body.contains("needs a second factor"), "{}", program.body);
    false
}

#[tokio::test]
async fn whom_it_is_required_of_reaches_nothing_but_the_pages_where_it_is_set_up() {
    for (required, user, admin) in [("none", true, true), ("admins", true, false), ("all", false, false)] {
        let app = start(required).await;
        assert_eq!(is_free(&mut browser(&app, ANN).await).await, user, "{required}");
        assert_eq!(is_free(&mut browser(&app, ADMIN).await).await, admin, "{required}");
        assert_eq!(app.get("/").await.status, 200, "a stranger is not asked");
    }
}

#[tokio::test]
async fn an_admin_goes_on_once_it_is_set_up() {
    let app = start("admins").await;
    let mut browser = browser(&app, ADMIN).await;
    assert_eq!(browser.get("/").await.header("location"), "/account/two-factor");
    let page = browser.get("/account/two-factor").await;
    assert!(page.body.contains("Your account needs a second factor"));
    let stylesheet = page.one("link[rel=stylesheet]").attribute("href").to_owned();
    assert_eq!(status(&mut browser, &stylesheet).await, 200);
    let posted = browser.send(Request::post("/account"), "name=x").await;
    assert_eq!(posted.status, 403);
    turn_on(&app, &mut browser).await;
    assert!(is_free(&mut browser).await);
    // Without it again, the rule is back.
    assert_eq!(api(&mut browser, "DELETE", "/api/v1/account/two-factor", &Value::Null).await.status, 204);
    assert!(!is_free(&mut browser).await);
    let form = browser.get("/account/two-factor").await.form("form[action='/logout']");
    assert_eq!(browser.submit(&form).await.header("location"), "/");
}

#[tokio::test]
async fn somebody_who_becomes_an_admin_sets_it_up_first() {
    let app = start("admins").await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    crate::run(&app, auth::commands::Command::Promote { email: ANN.to_owned() }).await.unwrap();
    wait_for_a_code(&app);
    let mut ann = waiting(&app, PASSWORD).await;
    assert_eq!(enter(&mut ann, &phone.code(&app)).await, leads("/"));
    assert!(is_free(&mut ann).await, "it is there already");
}

/// What somebody has made who knew the password alone.
#[tokio::test]
async fn a_token_lets_nobody_in_who_has_to_have_it() {
    for (required, user, admin) in [("none", 200, 200), ("admins", 200, 403), ("all", 403, 403)] {
        let app = start(required).await;
        for (email, expected) in [(ANN, user), (ADMIN, admin)] {
            let (scope, name) = (auth::commands::Scope::Write, "Backup".to_owned());
            let command = TokenCommand::Create { email: email.to_owned(), name, scope, days: 1 };
            let token = auth::commands::run_token(&app.application.state, command).await.unwrap();
            let ask = async || {
                let request =
                    Request::get("/api/v1/account").header("authorization", format!("Bearer {}", token.trim()));
                app.send(request, "").await
            };
            let answer = ask().await;
            assert_eq!(answer.status, expected, "{required} {email}: {}", answer.body);
            assert_eq!(expected == 403, answer.body.contains("needs a second factor"), "{}", answer.body);
            turn_on(&app, &mut browser(&app, email).await).await;
            assert_eq!(ask().await.status, 200, "{required} {email}");
        }
    }
}

#[tokio::test]
async fn production_requires_it_of_admins() {
    let app = start("none").await;
    for (environment, expected) in [("production", "Admins"), ("development", "None")] {
        let variables = [
            ("APP_ENV", environment),
            ("DATABASE_URL", app.database_url()),
            ("PUBLIC_URL", "https://app.test"),
            ("APP_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let config = Config::from_variables(&variables.into(), &modules()).unwrap();
        let entry = config.entries.iter().find(|entry| entry.key == "REQUIRE_TWO_FACTOR").unwrap();
        assert_eq!(entry.value.as_deref(), Some(expected), "{environment}");
    }
}

async fn advice(app: &TestApp) -> Vec<String> {
    let mut advice = Vec::new();
    for Inspect(look) in app.application.state.all() {
        advice.extend(look(app.application.state.clone()).await.unwrap());
    }
    advice
}

#[tokio::test]
async fn admins_without_a_second_factor_are_counted() {
    let app = start("none").await;
    assert_eq!(advice(&app).await, Vec::<String>::new());
    let app = start("admins").await;
    let [advice_before] = &advice(&app).await[..] else { panic!("there is something to say") };
    assert!(advice_before.ends_with(": 1"), "{advice_before}");
    turn_on(&app, &mut browser(&app, ADMIN).await).await;
    assert_eq!(advice(&app).await, Vec::<String>::new());
}
