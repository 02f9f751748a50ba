//! Mailed links: who opens one, and who uses it.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::Request;
use serde_json::json;

use crate::{
    ANN, OTHER, PASSWORD, account, api, browser, count, create, drafts, login, mail_to, modules, path, sign_in, start,
    start_with, status, token,
};

async fn forget(app: &testkit::TestApp) -> String {
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    mail_to(app, ANN).content.text
}

async fn reset(app: &testkit::TestApp, token: &str, password: &str) -> u16 {
    let body = json!({ "token": token, "password": password });
    app.post_json("/api/v1/auth/password/reset", &body).await.status.as_u16()
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let app = start().await;
    account(&app, ANN).await;
    let mut old = browser(&app, ANN).await;
    let text = forget(&app).await;
    let mut browser = app.browser();
    let opened = browser.get(path(&text)).await;
    let form = browser.follow(&opened).await.form("main form").set("password", OTHER);
    let done = browser.submit(&form).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/login"));
    assert!(mail_to(&app, ANN).content.subject.contains("was changed"));
    assert_eq!(status(&mut old, "/account").await, 303, "what was open is closed");
    assert_eq!((count(&app, "sessions").await, login(&app, ANN, PASSWORD).await.status.as_u16()), (0, 401));
    assert_eq!(sign_in(&mut browser, ANN, OTHER).await.status, 303);
}

/// 3: mail scanners open links, with and without cookies.
#[tokio::test]
async fn opening_a_link_changes_nothing() {
    let app = start().await;
    account(&app, ANN).await;
    let text = forget(&app).await;
    let mut scanner = app.browser();
    for _ in 0..5 {
        for request in [Request::get(path(&text)), Request::head(path(&text))] {
            assert_eq!(app.send(request, "").await.status, 303);
        }
        let opened = scanner.get(path(&text)).await;
        assert_eq!(scanner.follow(&opened).await.status, 200);
        assert_eq!(scanner.send(Request::head("/password/reset"), "").await.status, 200);
    }
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 200);
    assert_eq!(reset(&app, token(&text), OTHER).await, 204);
}

/// 3: that holds for links of all kinds, whoever opens them.
#[tokio::test]
async fn opening_any_link_changes_nothing() {
    let app = start().await;
    for email in [ANN, "bob@example.com", "carl@example.com"] {
        account(&app, email).await;
    }
    let scan = async |text: &str| {
        let mut scanner = app.browser();
        for _ in 0..5 {
            for request in [Request::get(path(text)), Request::head(path(text))] {
                assert_eq!(app.send(request, "").await.status, 303, "{text}");
            }
            let opened = scanner.get(path(text)).await;
            let page = scanner.follow(&opened).await;
            assert!(page.status == 200 || page.header("location").starts_with("/login"), "{text}: {}", page.status);
            let bare = opened.header("location").to_owned();
            assert!(scanner.send(Request::head(bare), "").await.status.as_u16() < 400, "{text}");
        }
    };
    let post = async |path: &str, body: serde_json::Value| app.post_json(path, &body).await.status.as_u16();

    app.post_json("/api/v1/auth/sign-up", &json!({ "email": "new@example.com" })).await;
    app.run_jobs().await;
    let text = mail_to(&app, "new@example.com").content.text;
    scan(&text).await;
    let body = json!({ "token": token(&text), "name": "New", "password": PASSWORD });
    assert_eq!(post("/api/v1/auth/sign-up/confirm", body).await, 201);

    for text in [create(&app, "invited@example.com", false).await, forget(&app).await] {
        scan(&text).await;
        assert_eq!(reset(&app, token(&text), OTHER).await, 204);
    }

    let mut bob = browser(&app, "bob@example.com").await;
    let body = json!({ "email": "rob@example.com" }).to_string();
    assert_eq!(api(&mut bob, "POST", "/api/v1/account/email", &body).await.status, 202);
    app.run_jobs().await;
    let text = mail_to(&app, "rob@example.com").content.text;
    scan(&text).await;
    let body = json!({ "token": token(&text) }).to_string();
    assert_eq!(api(&mut bob, "POST", "/api/v1/account/email/confirm", &body).await.status, 204);
    let text = mail_to(&app, "bob@example.com").content.text;
    scan(&text).await;
    assert_eq!(post("/api/v1/auth/email/undo", json!({ "token": token(&text) })).await, 204);

    let mut carl = browser(&app, "carl@example.com").await;
    let body = json!({ "email": "carl@example.com" }).to_string();
    assert_eq!(api(&mut carl, "DELETE", "/api/v1/account", &body).await.status, 204);
    let text = mail_to(&app, "carl@example.com").content.text;
    scan(&text).await;
    assert_eq!(post("/api/v1/auth/keep", json!({ "token": token(&text) })).await, 204);
}

/// 4: of many who use a link at the same time, one can.
#[tokio::test]
async fn a_link_is_used_once() {
    let app = start().await;
    account(&app, ANN).await;
    let (first, last) = (forget(&app).await, forget(&app).await);
    assert_eq!(reset(&app, token(&first), OTHER).await, 410, "another one was made since");
    let token = token(&last);
    let passwords = (0..20).map(|index| format!("{OTHER} {index}")).collect::<Vec<_>>();
    let statuses = join_all(passwords.iter().map(|password| reset(&app, token, password))).await;
    let of = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((of(204), of(410)), (1, 19), "{statuses:?}");
    let chosen = &passwords[statuses.iter().position(|status| *status == 204).unwrap()];
    assert_eq!((count(&app, "sessions").await, count(&app, "links WHERE used_at IS NULL").await), (0, 0));
    assert_eq!(login(&app, ANN, chosen).await.status, 200);
}

/// Whoever signs in with the old password meanwhile has no session afterwards.
#[tokio::test]
async fn no_login_outlives_the_password_that_it_was_made_with() {
    let app = start_with(&[("PASSWORD_HASHES_AT_ONCE", "4")]).await;
    account(&app, ANN).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..10 {
        let command = auth::commands::Command::Reset { email: ANN.to_owned() };
        let url = crate::run(&app, command).await.unwrap();
        let next = format!("{OTHER} {round}");
        let (reset, ..) = tokio::join!(
            reset(&app, token(&url), &next),
            login(&app, ANN, &password),
            login(&app, ANN, &password),
            login(&app, ANN, &password)
        );
        assert_eq!((reset, count(&app, "sessions").await), (204, 0), "{round}");
        password = next;
    }
}

/// 25: the application gets another secret. Sessions have none of it, and the cookies of devices count for less without it.
#[tokio::test]
async fn links_count_as_long_as_the_secret_from_before() {
    let (old, new) = ("an old secret that has many characters", "a new secret that has as many characters");
    let app = start_with(&[("APP_SECRET", old)]).await;
    account(&app, ANN).await;
    let browser = browser(&app, ANN).await;
    let [session, device] = ["session", "device"].map(|name| format!("{name}={}", browser.cookie(name).unwrap()));
    let text = forget(&app).await;
    let both = app.restart(modules(), &[("APP_SECRET", new), ("APP_SECRET_PREVIOUS", old)]).await;
    let alone = app.restart(modules(), &[("APP_SECRET", new)]).await;
    for (app, expected) in [(&alone, 410), (&both, 200)] {
        assert_eq!(app.send(Request::get("/account").header("cookie", &session), "").await.status, 200);
        let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
        let request = Request::post("/api/v1/auth/login").header("content-type", "application/json");
        assert_eq!(app.send(request.header("cookie", &device), body).await.status, 200);
        let mut browser = app.browser();
        let opened = browser.get(path(&text)).await;
        let page = if opened.status == 303 { browser.follow(&opened).await } else { opened };
        assert_eq!(page.status, expected);
    }
    assert_eq!(reset(&alone, token(&text), OTHER).await, 410);
    assert_eq!(reset(&both, token(&text), OTHER).await, 204);
}

#[tokio::test]
async fn a_link_has_its_time_and_its_purpose() {
    let app = start().await;
    let invite = create(&app, ANN, false).await;
    assert!(app.get(path(&invite)).await.header("location") == "/password/reset");
    let body = json!({ "token": token(&invite), "name": "Ann", "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/sign-up/confirm", &body).await.status, 410);
    app.clock().advance(Duration::from_hours(7 * 24));
    assert_eq!(reset(&app, token(&invite), PASSWORD).await, 410);
    let invite = create_again(&app).await;
    assert_eq!(reset(&app, token(&invite), PASSWORD).await, 204);

    let text = forget(&app).await;
    app.clock().advance(Duration::from_mins(30));
    assert_eq!(reset(&app, token(&text), OTHER).await, 410);
}

async fn create_again(app: &testkit::TestApp) -> String {
    let command = auth::commands::Command::Reset { email: ANN.to_owned() };
    crate::run(app, command).await.unwrap()
}

/// Who asks for one of these shows with it that the address works.
#[tokio::test]
async fn what_people_ask_for_is_mailed_whatever_came_back_from_them() {
    let app = start().await;
    let kinds = app.application.state.all::<&'static mailer::Kind>();
    let proving: Vec<_> = kinds.iter().filter(|kind| kind.proves).map(|kind| kind.name).collect();
    assert_eq!(proving, ["auth.sign_up", "auth.choose_password", "auth.change_email"]);
}

#[tokio::test]
async fn a_forged_link_is_worth_nothing() {
    let app = start().await;
    account(&app, ANN).await;
    account(&app, "bob@example.com").await;
    let text = forget(&app).await;
    let (id, signature) = token(&text).split_once('.').unwrap();
    let other: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM links WHERE email = 'bob@example.com'").fetch_one(app.db()).await.unwrap();
    for forged in [
        String::new(),
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{}", "A".repeat(43)),
        format!("{}.{signature}", other.simple()),
        format!("{}.{signature}", uuid::Uuid::nil().simple()),
        format!("{id}.{signature}A"),
    ] {
        assert_eq!(reset(&app, &forged, OTHER).await, 410, "{forged}");
    }
    // The database alone makes no link: the address that it stores is part of what is signed.
    sqlx::query("UPDATE links SET email = 'eve@example.com'").execute(app.db()).await.unwrap();
    assert_eq!(reset(&app, token(&text), OTHER).await, 410);
}

/// Nothing that is stored or shown to operators has a token in it.
#[tokio::test]
async fn no_token_is_stored() {
    let app = start().await;
    account(&app, ANN).await;
    let text = forget(&app).await;
    let browser = browser(&app, ANN).await;
    let secrets = [token(&text).to_owned(), browser.cookie("session").unwrap().to_owned(), PASSWORD.to_owned()];
    let mut stored = String::new();
    for (table, column) in [
        ("_jobs", "payload"),
        ("_jobs", "description"),
        ("links", "email"),
        ("sessions", "token_hash"),
        ("users", "password"),
        ("auth_throttle", "key"),
    ] {
        let query = sqlx::AssertSqlSafe(format!("SELECT {column} FROM {table}"));
        stored.extend(sqlx::query_scalar::<_, String>(query).fetch_all(app.db()).await.unwrap());
    }
    for secret in secrets {
        let (_, end) = secret.rsplit_once('.').unwrap_or(("", &secret));
        assert!(!stored.contains(end));
    }
    assert!(!stored.is_empty());
}

#[tokio::test]
async fn nobody_who_is_deactivated_gets_a_link() {
    let app = start().await;
    account(&app, ANN).await;
    let text = forget(&app).await;
    let command = auth::commands::Command::Deactivate { email: ANN.to_owned() };
    crate::run(&app, command).await.unwrap();
    assert_eq!(reset(&app, token(&text), OTHER).await, 410);
    let before = drafts(&app).len();
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": "bob@example.com" })).await;
    app.run_jobs().await;
    assert_eq!(drafts(&app).len(), before);
}
