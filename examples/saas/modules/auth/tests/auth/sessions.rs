use std::{sync::Arc, time::Duration};

use hyper::Request;
use kernel::{AppState, BoxFuture, Module, database::Connection};
use mailer::{Accept, Outbox, Outgoing};
use serde_json::json;
use testkit::TestApp;

use crate::{
    ANN, OTHER, PASSWORD, account, account_with, browser, count, login, mail_to, modules, run, sign_in, start,
    start_with, status, token,
};

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

#[tokio::test]
async fn a_session_ends_without_a_request_and_in_any_case() {
    let app = start().await;
    account(&app, ANN).await;
    account_with(&app, "admin@example.com", true).await;
    for (email, remember, idle, total) in [
        (ANN, false, 12 * HOUR, 24 * HOUR),
        (ANN, true, 14 * DAY, 30 * DAY),
        ("admin@example.com", true, 30, 12 * HOUR),
    ] {
        let sign_in = async || {
            let mut browser = app.browser();
            let form = browser.get("/login").await.form("main form").set("email", email).set("password", PASSWORD);
            let form = if remember { form.check("remember", "true") } else { form };
            let response = browser.submit(&form).await;
            let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().cloned().collect();
            let lasts = cookies
                .iter()
                .any(|it| it.as_bytes().starts_with(b"session=") && it.to_str().unwrap().contains("Max-Age"));
            assert_eq!(lasts, remember && email == ANN, "{cookies:?}");
            browser
        };
        let mut browser = sign_in().await;
        app.clock().advance(Duration::from_mins(idle - 1));
        assert_eq!(status(&mut browser, "/account").await, 200, "{email} {idle}");
        app.clock().advance(Duration::from_mins(idle));
        assert_eq!(status(&mut browser, "/account").await, 303, "{email} {idle}");

        let mut browser = sign_in().await;
        let steps = total / (idle - 1);
        for _ in 0..steps {
            app.clock().advance(Duration::from_mins(idle - 1));
            assert_eq!(status(&mut browser, "/account").await, 200, "{email} {total}");
        }
        app.clock().advance(Duration::from_mins(total - steps * (idle - 1)));
        assert_eq!(status(&mut browser, "/account").await, 303, "{email} {total}");
    }
}

#[tokio::test]
async fn how_long_a_session_lasts_can_be_chosen() {
    let settings = [
        ("SESSION_IDLE_MINUTES", "20"),
        ("SESSION_HOURS", "1"),
        ("SESSION_REMEMBERED_IDLE_DAYS", "60"),
        ("SESSION_REMEMBERED_DAYS", "90"),
        ("SESSION_ADMIN_IDLE_MINUTES", "5"),
        ("SESSION_ADMIN_HOURS", "1"),
    ];
    let app = start_with(&settings).await;
    account(&app, ANN).await;
    account_with(&app, "admin@example.com", true).await;
    for (email, minutes) in [(ANN, 20), ("admin@example.com", 5)] {
        let mut browser = browser(&app, email).await;
        app.clock().advance(Duration::from_mins(minutes - 1));
        assert_eq!(status(&mut browser, "/account").await, 200, "{email}");
        app.clock().advance(Duration::from_mins(minutes));
        assert_eq!(status(&mut browser, "/account").await, 303, "{email}");
    }
    let mut remembered = app.browser();
    let form = remembered.get("/login").await.form("main form").set("email", ANN).set("password", PASSWORD);
    let response = remembered.submit(&form.check("remember", "true")).await;
    assert!(response.header("set-cookie").contains("Max-Age=7776000"), "{:?}", response.headers);
    app.clock().advance(Duration::from_hours(59 * 24));
    schedules::accept_due::<auth::CleanUp>(&app.application.state).await.unwrap();
    app.run_jobs().await;
    assert_eq!(status(&mut remembered, "/account").await, 200, "clean-up leaves it alone");
}

/// 7: a cookie that somebody has planted becomes nobody's session.
#[tokio::test]
async fn a_login_takes_no_session_over() {
    let app = start().await;
    account(&app, ANN).await;
    account(&app, "eve@example.com").await;
    let eve = browser(&app, "eve@example.com").await;
    let planted = eve.cookie("session").unwrap().to_owned();
    for token in [planted.as_str(), "planted"] {
        let request = Request::post("/login")
            .header("cookie", format!("session={token}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let form = format!("email={ANN}&password={}", PASSWORD.replace(' ', "+"));
        let response = app.send(request, form).await;
        let cookie = response.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("session=") && !cookie.contains(token), "{cookie}");
        let old = Request::get("/account").header("cookie", format!("session={token}"));
        assert_eq!(app.send(old, "").await.status, 303, "{token}");
    }
    assert_eq!(count(&app, "sessions").await, 2);
}

/// 7: nor do the API, a sign-up and the choice of another password take one over; whoever has planted it has nothing.
#[tokio::test]
async fn a_planted_session_is_worth_nothing_after_any_way_in() {
    let app = start().await;
    account(&app, "eve@example.com").await;
    app.post_json("/api/v1/auth/sign-up", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let link = mail_to(&app, ANN).content.text;
    let confirmation = json!({ "token": token(&link), "name": "Ann", "password": PASSWORD });
    for (path, body) in [
        ("/api/v1/auth/sign-up/confirm", confirmation),
        ("/api/v1/auth/login", json!({ "email": ANN, "password": PASSWORD })),
    ] {
        let eve = browser(&app, "eve@example.com").await;
        let planted = eve.cookie("session").unwrap();
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("cookie", format!("session={planted}; device=planted; link=planted"));
        let response = app.send(request, body.to_string()).await;
        assert!(response.status.is_success(), "{path}: {}", response.body);
        let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("session=")), "{cookies:?}");
        assert!(cookies.iter().all(|cookie| !cookie.contains(planted) && !cookie.contains("planted")), "{cookies:?}");
        let request = Request::get("/account").header("cookie", format!("session={planted}"));
        assert_eq!(app.send(request, "").await.status, 303, "{path}");
    }

    let reset = run(&app, auth::commands::Command::Reset { email: ANN.to_owned() }).await.unwrap();
    let eve = browser(&app, "eve@example.com").await;
    let request = Request::post("/api/v1/auth/password/reset")
        .header("content-type", "application/json")
        .header("cookie", format!("session={}", eve.cookie("session").unwrap()));
    let body = json!({ "token": token(&reset), "password": OTHER });
    let response = app.send(request, body.to_string()).await;
    assert_eq!(
        (response.status.as_u16(), response.header("set-cookie")),
        (204, "session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
}

#[tokio::test]
async fn a_confirmation_changes_the_token() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let old = browser.cookie("session").unwrap().to_owned();
    let form = browser.get("/confirm-access").await.form("main form").set("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.header("location"), "/account");
    assert_ne!(browser.cookie("session"), Some(&*old));
    assert_eq!((status(&mut browser, "/account").await, count(&app, "sessions").await), (200, 1));
    let request = Request::get("/account").header("cookie", format!("session={old}"));
    assert_eq!(app.send(request, "").await.status, 303);
}

#[tokio::test]
async fn what_an_admin_does_counts_from_the_next_request() {
    use auth::commands::Command::{Activate, Deactivate, EndSessions, Promote};
    let app = start().await;
    account(&app, ANN).await;
    let email = ANN.to_owned();
    for command in [
        Deactivate { email: email.clone() },
        EndSessions { email: Some(email.clone()), all: false },
        EndSessions { email: None, all: true },
        Promote { email: email.clone() },
    ] {
        run(&app, Activate { email: email.clone() }).await.unwrap();
        let mut browser = browser(&app, ANN).await;
        assert_eq!(status(&mut browser, "/account").await, 200);
        run(&app, command.clone()).await.unwrap();
        assert_eq!(status(&mut browser, "/account").await, 303, "{command:?}");
    }
}

#[tokio::test]
async fn a_cookie_is_safe_from_scripts_and_from_other_sites() {
    let app = start().await;
    account(&app, ANN).await;
    let response = sign_in(&mut app.browser(), ANN, PASSWORD).await;
    let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// In production, browsers take the cookies from this host alone, and send them over HTTPS alone.
#[tokio::test]
async fn the_cookies_of_production_belong_to_this_host() {
    // Somebody has to deliver mail there.
    let post = Module::new("post").provide(|_, _| Ok(Outbox(Arc::new(Nowhere))));
    let settings = [("APP_ENV", "production"), ("PUBLIC_URL", "https://app.test"), ("ALLOWED_HOSTS", "127.0.0.1")];
    let app = TestApp::start_with(modules().into_iter().chain([post]).collect(), &settings).await;
    account(&app, ANN).await;
    let response = login(&app, ANN, PASSWORD).await;
    let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_eq!(names, ["__Host-session", "__Host-device"]);
    for cookie in &cookies {
        assert!(cookie.contains("; Secure") && cookie.contains("; Path=/") && !cookie.contains("Domain"), "{cookie}");
    }
    let (session, _) = cookies[0].split_once(';').unwrap();
    let get = |cookie: String| app.send(Request::get("/api/v1/account").header("cookie", cookie), "");
    assert_eq!(get(session.to_owned()).await.status, 200);
    // Another host of the domain can set a cookie of this name.
    assert_eq!(get(session.replace("__Host-", "")).await.status, 401);
}

struct Nowhere;

impl Accept for Nowhere {
    fn accept<'a>(&'a self, _: &'a AppState, _: &'a mut Connection, _: Outgoing) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn clean_up_forgets_what_is_over() {
    let app = start().await;
    account(&app, ANN).await;
    browser(&app, ANN).await;
    let clean_up = async || {
        schedules::accept_due::<auth::CleanUp>(&app.application.state).await.unwrap();
        app.run_jobs().await;
    };
    clean_up().await;
    assert_eq!((count(&app, "sessions").await, count(&app, "links").await), (1, 1));
    app.clock().advance(Duration::from_hours(31 * 24));
    clean_up().await;
    assert_eq!((count(&app, "sessions").await, count(&app, "links").await), (0, 0));
    assert_eq!((count(&app, "activity").await, count(&app, "users").await), (2, 1));
    app.clock().advance(Duration::from_hours(60 * 24));
    clean_up().await;
    assert_eq!(count(&app, "activity").await, 0);
}
