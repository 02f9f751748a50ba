use std::time::Duration;

use futures_util::future::join_all;
use hyper::Request;
use serde_json::{Value, json};

use crate::{
    ANN, OTHER, PASSWORD, api, browser, count, enter, leads, mail_to, reset, sign_in, start, start_with, status, token,
    turn_on, wait_for_a_code, waiting,
};

#[tokio::test]
async fn a_login_asks_for_a_code() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let mut browser = app.browser();
    let form = browser.get("/login?next=/account/security").await.form("main form");
    let page = browser.submit_and_follow(&form.set("email", ANN).set("password", PASSWORD)).await;
    assert_eq!(page.one("main input[name=code]").attribute("autocomplete"), "one-time-code");
    let refused = browser.submit(&page.form("main form").set("code", "000 000")).await;
    assert_eq!((refused.status.as_u16(), refused.body.contains("This code is wrong")), (401, true));
    let code = phone.code(&app);
    let done = browser.submit(&refused.form("main form").set("code", &format!("{} {}", &code[..3], &code[3..]))).await;
    assert_eq!(done.header("location"), "/account/security");
    let page = browser.get("/account").await.body;
    assert!(page.contains("Right password, and a wrong step after it") && page.contains("Signed in"));
    let over = app.get("/login/code").await;
    assert_eq!((over.status.as_u16(), over.body.contains("Begin again with your password")), (410, true));
}

#[tokio::test]
async fn the_api_asks_for_a_code() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let mut program = app.browser();
    let login = api(&mut program, "POST", "/api/v1/auth/login", &json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!((login.status.as_u16(), login.json::<Value>()), (202, json!({ "methods": ["code"] })));
    assert_eq!(status(&mut program, "/api/v1/account").await, 401);
    let code = json!({ "code": phone.code(&app) });
    let user: Value = api(&mut program, "POST", "/api/v1/auth/second-factor", &code).await.json();
    assert_eq!(user["email"], ANN);
    assert_eq!(program.get("/api/v1/account").await.json::<Value>(), user);
    let again = api(&mut program, "POST", "/api/v1/auth/second-factor", &code).await;
    assert_eq!(again.status, 410);

    let document: Value = app.get("/api/openapi.json").await.json();
    let described = &document["paths"]["/api/v1/auth/login"]["post"]["responses"]["202"];
    assert!(described["content"]["application/json"]["schema"]["properties"]["methods"].is_object(), "{described}");
}

/// 11: the code that has set it up is used up.
#[tokio::test]
async fn the_first_code_counts_once() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    assert_eq!(enter(&mut waiting(&app, PASSWORD).await, &phone.code(&app)).await.0, 401);
}

/// 11: a code counts once, also for two at the same time.
#[tokio::test]
async fn one_of_many_gets_in_with_a_code() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let mut browsers = Vec::new();
    for _ in 0..6 {
        browsers.push(waiting(&app, PASSWORD).await);
    }
    let before = count(&app, "sessions").await;
    let code = phone.code(&app);
    let answers = join_all(browsers.iter_mut().map(|browser| enter(browser, &code))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| *answer == leads("/"));
    assert_eq!((done.len(), count(&app, "sessions").await - before), (1, 1));
    assert!(refused.iter().all(|(status, _)| [401, 429].contains(status)), "{refused:?}");
}

/// 11: codes of other steps.
#[tokio::test]
async fn the_code_of_another_step_does_not_count() {
    for (tolerance, before) in [("0", false), ("1", true)] {
        let app = start_with(&[("TOTP_TOLERANCE", tolerance)]).await;
        let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
        app.clock().advance(Duration::from_mins(5));
        let mut browser = waiting(&app, PASSWORD).await;
        for steps in [1, 2, -2] {
            assert_eq!(enter(&mut browser, &phone.code_at(&app, steps)).await.0, 401, "{tolerance} {steps}");
        }
        let answer = enter(&mut browser, &phone.code_at(&app, -1)).await;
        assert_eq!(answer == leads("/"), before, "{tolerance}: {answer:?}");
    }
    // Once a code has counted, none from before it does.
    let app = start_with(&[("TOTP_TOLERANCE", "1")]).await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    app.clock().advance(Duration::from_mins(5));
    assert_eq!(enter(&mut waiting(&app, PASSWORD).await, &phone.code(&app)).await, leads("/"));
    assert_eq!(enter(&mut waiting(&app, PASSWORD).await, &phone.code_at(&app, -1)).await.0, 401);
}

/// 11: a login that waits ends after ten minutes.
#[tokio::test]
async fn a_code_comes_too_late() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    let mut browser = waiting(&app, PASSWORD).await;
    app.clock().advance(Duration::from_mins(10));
    assert_eq!(enter(&mut browser, &phone.code(&app)).await.0, 410);
}

/// 11: five wrong codes end the login, and the password once more does not give more of them.
#[tokio::test]
async fn guessing_a_code_takes_too_long() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    for _ in 0..2 {
        let mut browser = waiting(&app, PASSWORD).await;
        for status in [401, 401, 401, 401, 410] {
            assert_eq!(enter(&mut browser, &phone.code_at(&app, 7)).await.0, status);
        }
        assert_eq!(enter(&mut browser, &phone.code(&app)).await.0, 410);
    }
    assert!(mail_to(&app, ANN).content.subject.starts_with("Somebody knows your password"));
    assert_eq!(enter(&mut waiting(&app, PASSWORD).await, &phone.code(&app)).await.0, 429);
    app.clock().advance(Duration::from_mins(15));
    assert_eq!(enter(&mut waiting(&app, PASSWORD).await, &phone.code(&app)).await, leads("/"));
}

/// 11: a hundred at the same time are a hundred.
#[tokio::test]
async fn guesses_at_the_same_time_all_count() {
    let app = start().await;
    turn_on(&app, &mut browser(&app, ANN).await).await;
    let browser = waiting(&app, PASSWORD).await;
    let cookie = format!("pending={}", browser.cookie("pending").unwrap());
    let guesses = (0..40).map(|code| {
        let request = Request::post("/api/v1/auth/second-factor")
            .header("content-type", "application/json")
            .header("cookie", &cookie);
        app.send(request, json!({ "code": format!("{code:06}") }).to_string())
    });
    let answers = join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.body.contains("This code is wrong")).count();
    assert!(looked_at <= 5, "{looked_at}");
    assert_eq!(count(&app, "pending_logins").await, 0);
}

/// 12: another password by a link asks for a code like the one before.
#[tokio::test]
async fn a_new_password_takes_a_code_as_well() {
    let app = start().await;
    let mut session = browser(&app, ANN).await;
    let (phone, _) = turn_on(&app, &mut session).await;
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let mail = mail_to(&app, ANN);
    let mut old = waiting(&app, PASSWORD).await;
    reset(&app, token(&mail.content.text), OTHER).await;
    assert_eq!((status(&mut session, "/account").await, count(&app, "sessions").await), (303, 0));
    wait_for_a_code(&app);
    assert_eq!(enter(&mut old, &phone.code(&app)).await.0, 410, "the login with the old password is over");
    let mut browser = waiting(&app, OTHER).await;
    assert_eq!(status(&mut browser, "/account").await, 303);
    assert_eq!(enter(&mut browser, &phone.code(&app)).await, leads("/"));
}

/// 12: neither "keep me signed in" nor a browser that is known makes the code needless.
#[tokio::test]
async fn a_known_browser_is_asked_as_well() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let (phone, _) = turn_on(&app, &mut browser).await;
    wait_for_a_code(&app);
    let form = browser.get("/account").await.form("form[action='/logout']");
    browser.submit(&form).await;
    assert!(browser.cookie("device").is_some());
    let form = browser.get("/login").await.form("main form").set("email", ANN).set("password", PASSWORD);
    assert_eq!(browser.submit(&form.check("remember", "true")).await.header("location"), "/login/code");
    assert_eq!((status(&mut browser, "/account").await, status(&mut browser, "/api/v1/account").await), (303, 401));
    let request = Request::post("/login/code").header("content-type", "application/x-www-form-urlencoded");
    let response = browser.send(request, format!("code={}", phone.code(&app))).await;
    let mut cookies = response.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    assert!(cookies.any(|it| it.starts_with("session=") && it.contains("Max-Age")), "the wish is kept");
}

/// 7: a cookie that somebody has planted becomes nobody's session.
#[tokio::test]
async fn a_code_takes_no_session_over() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    crate::account(&app, "eve@example.com", false).await;
    let eve = browser(&app, "eve@example.com").await;
    for planted in [eve.cookie("session").unwrap(), "planted"] {
        wait_for_a_code(&app);
        let waiting = waiting(&app, PASSWORD).await;
        let cookie = format!("session={planted}; pending={}", waiting.cookie("pending").unwrap());
        let request = Request::post("/login/code")
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        let response = app.send(request, format!("code={}", phone.code(&app))).await;
        let cookie = response.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("session=") && !cookie.contains(planted), "{cookie}");
        let old = Request::get("/account").header("cookie", format!("session={planted}"));
        assert_eq!(app.send(old, "").await.status, 303, "{planted}");
    }
}

#[tokio::test]
async fn another_site_sends_no_code() {
    let app = start().await;
    let (phone, _) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let mut browser = waiting(&app, PASSWORD).await;
    let request = Request::post("/login/code")
        .header("origin", "https://evil.example")
        .header("content-type", "application/x-www-form-urlencoded");
    let response = browser.send(request, format!("code={}", phone.code(&app))).await;
    assert_eq!((response.status.as_u16(), response.header("set-cookie")), (403, ""));
    assert_eq!(sign_in(&mut app.browser(), ANN, "wrong").await.status, 401);
}
