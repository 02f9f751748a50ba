use std::time::Duration;

use serde_json::{Value, json};

use crate::{ANN, OTHER, PASSWORD, account, api, browser, count, drafts, login, mail_to, sign_in, start, status};

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let app = start().await;
    account(&app, ANN).await;
    let (mut other, mut browser) = (browser(&app, ANN).await, browser(&app, ANN).await);
    let old = browser.cookie("session").unwrap().to_owned();
    let form = browser.get("/account/security").await.form("form[action='/account/security']");
    for (current, new, message) in [
        ("wrong", OTHER, "This is not your password."),
        (PASSWORD, "short", "at least 12"),
        (PASSWORD, PASSWORD, "the password that you have"),
    ] {
        let refused = browser.submit(&form.clone().set("current", current).set("password", new)).await;
        assert_eq!(refused.status, 422, "{message}");
        assert!(refused.body.contains(message) && !refused.body.contains(new), "{message}");
    }
    let done = browser.submit(&form.set("current", PASSWORD).set("password", OTHER)).await;
    assert_eq!(done.header("location"), "/account/security");
    assert!(mail_to(&app, ANN).content.subject.contains("was changed"));
    assert_ne!(browser.cookie("session"), Some(&*old));
    assert_eq!((status(&mut browser, "/account").await, status(&mut other, "/account").await), (200, 303));
    assert_eq!(
        (login(&app, ANN, PASSWORD).await.status.as_u16(), login(&app, ANN, OTHER).await.status.as_u16()),
        (401, 200)
    );
}

#[tokio::test]
async fn other_sessions_stay_where_that_is_wished() {
    let app = start().await;
    account(&app, ANN).await;
    let (mut other, mut browser) = (browser(&app, ANN).await, browser(&app, ANN).await);
    let body = json!({ "current": PASSWORD, "password": OTHER, "end_sessions": false }).to_string();
    assert_eq!(api(&mut browser, "PUT", "/api/v1/account/password", &body).await.status, 204);
    assert_eq!((status(&mut browser, "/account").await, status(&mut other, "/account").await), (200, 200));
}

/// A link from before a change of the password is worth nothing after it.
#[tokio::test]
async fn a_change_ends_the_links_from_before() {
    let app = start().await;
    account(&app, ANN).await;
    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let text = mail_to(&app, ANN).content.text;
    let mut browser = browser(&app, ANN).await;
    let body = json!({ "current": PASSWORD, "password": OTHER }).to_string();
    api(&mut browser, "PUT", "/api/v1/account/password", &body).await;
    let reset = json!({ "token": crate::token(&text), "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 410);
}

#[tokio::test]
async fn a_name_is_changed() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let form = browser.get("/account").await.form("form[action='/account']");
    assert_eq!(form.value("name"), "ann");
    assert_eq!(browser.submit(&form.clone().set("name", " ")).await.status, 422);
    browser.submit(&form.set("name", "Annabelle <b>")).await;
    let page = browser.get("/account").await.body;
    assert!(page.contains("Annabelle &#60;b&#62;"), "{page}");
    let body = json!({ "name": "Lee" }).to_string();
    let renamed = api(&mut browser, "PATCH", "/api/v1/account", &body).await;
    assert_eq!(renamed.json::<Value>()["name"], "Lee");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = start().await;
    account(&app, ANN).await;
    account(&app, "bob@example.com").await;
    let mut bob = browser(&app, "bob@example.com").await;
    let (mut first, mut second, mut own) =
        (browser(&app, ANN).await, browser(&app, ANN).await, browser(&app, ANN).await);
    let list: Value = own.get("/api/v1/account/sessions").await.json();
    let current: Vec<_> = list.as_array().unwrap().iter().map(|session| session["is_current"] == true).collect();
    assert_eq!(current, [true, false, false]);
    assert!(!list.to_string().contains("token"));

    let id = list[2]["id"].as_str().unwrap();
    let path = format!("/api/v1/account/sessions/{id}");
    assert_eq!(api(&mut bob, "DELETE", &path, "").await.status, 404, "not for others");
    assert_eq!(api(&mut own, "DELETE", &path, "").await.status, 204);
    assert_eq!((status(&mut first, "/account").await, status(&mut second, "/account").await), (303, 200));

    let page = own.get("/account/security").await;
    own.submit(&page.form("form[action='/account/sessions/end']")).await;
    assert_eq!((status(&mut second, "/account").await, status(&mut own, "/account").await), (303, 200));
    assert_eq!((status(&mut bob, "/account").await, count(&app, "sessions").await), (200, 2));
    assert_eq!(api(&mut own, "DELETE", "/api/v1/account/sessions", "").await.status, 204);
    assert_eq!(status(&mut own, "/account").await, 303);
}

#[tokio::test]
async fn what_matters_asks_for_the_password_again() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    app.clock().advance(Duration::from_mins(10));
    for path in ["/account/email", "/account/tokens", "/account/export", "/account/delete"] {
        let asked = browser.get(path).await;
        let expected = format!("/confirm-access?next={}", path.replace('/', "%2F"));
        assert_eq!((asked.status.as_u16(), asked.header("location")), (303, &*expected));
    }
    let id = "00000000-0000-4000-8000-000000000001";
    for (method, path, body) in [
        ("POST", "/account/email", "{\"email\":\"lee@example.com\"}".to_owned()),
        ("POST", "/account/tokens", "{\"name\":\"x\"}".to_owned()),
        ("DELETE", &*format!("/account/tokens/{id}"), String::new()),
        ("DELETE", "/account/sessions", String::new()),
        ("DELETE", &*format!("/account/sessions/{id}"), String::new()),
        ("DELETE", "/account", json!({ "email": ANN }).to_string()),
        ("GET", "/account/export", String::new()),
    ] {
        let refused = api(&mut browser, method, &format!("/api/v1{path}"), &body).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        assert_eq!(refused.json::<Value>()["title"], "Confirmation Required", "{method} {path}");
    }
    let body = json!({ "password": "wrong" }).to_string();
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/confirm", &body).await.status, 401);
    let body = json!({ "password": PASSWORD }).to_string();
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/confirm", &body).await.status, 204);
    assert_eq!(status(&mut browser, "/account/email").await, 200);
    assert!(drafts(&app).is_empty());
}

#[tokio::test]
async fn activity_is_told() {
    let app = start().await;
    account(&app, ANN).await;
    sign_in(&mut app.browser(), ANN, "wrong").await;
    let mut browser = browser(&app, ANN).await;
    let page = browser.get("/account").await;
    let rows: Vec<_> = page.all("tbody tr td:first-child").iter().map(testkit::Element::text).collect();
    assert_eq!(rows, ["Signed in", "Wrong password", "Chose another password by a link"]);
}
