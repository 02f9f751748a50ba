use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use hyper::Request;
use serde_json::{Value, json};

use crate::{ANN, PASSWORD, account, api, browser, count, hashes, login, sign_in, start, status};

#[tokio::test]
async fn whoever_has_an_account_signs_in_and_out() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = app.browser();
    assert!(browser.get("/").await.body.contains(">Sign in</a>"));
    let response = sign_in(&mut browser, "  ANN@example.com", PASSWORD).await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/"));
    let page = browser.get("/account").await;
    assert!(page.body.contains(ANN) && page.body.contains("Signed in"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");

    let form = page.form("form[action='/logout']");
    let response = browser.submit(&form).await;
    assert_eq!(response.header("clear-site-data"), "\"cache\"");
    assert_eq!((browser.cookie("session"), count(&app, "sessions").await), (None, 0));
    assert_eq!(status(&mut browser, "/account").await, 303);
}

#[tokio::test]
async fn the_api_signs_in_and_out() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = app.browser();
    let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let response = api(&mut browser, "POST", "/api/v1/auth/login", &body).await;
    let user: Value = response.json();
    assert_eq!((&user["email"], &user["role"], user.as_object().unwrap().len()), (&json!(ANN), &json!("user"), 5));
    let account = browser.get("/api/v1/account").await;
    assert_eq!(account.json::<Value>(), user);
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/logout", "").await.status, 204);
    assert_eq!(status(&mut browser, "/api/v1/account").await, 401);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_nothing_more() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = app.browser();
    let response = sign_in(&mut browser, ANN, "something else entirely").await;
    assert_eq!(response.status, 401);
    assert!(response.body.contains("do not belong together") && response.body.contains("value=\"ann@example.com\""));
    assert!(!response.body.contains("something else") && browser.cookie("session").is_none());
    let response = login(&app, ANN, "something else entirely").await;
    assert_eq!((response.status.as_u16(), response.header("set-cookie")), (401, ""));
}

#[tokio::test]
async fn a_login_costs_one_hash() {
    let app = start().await;
    account(&app, ANN).await;
    for (email, password) in [(ANN, PASSWORD), (ANN, "wrong"), ("bob@example.com", PASSWORD)] {
        let before = hashes(&app);
        login(&app, email, password).await;
        assert_eq!(hashes(&app) - before, 1, "{email} {password}");
    }
    let before = hashes(&app);
    assert_eq!(login(&app, ANN, &"x".repeat(2000)).await.status, 401);
    assert_eq!(hashes(&app), before, "no account has a password that long");
}

#[tokio::test]
async fn a_stranger_comes_back_to_the_page_that_was_asked_for() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = app.browser();
    let refused = browser.get("/confirm-access?next=/account").await;
    assert_eq!(refused.header("location"), "/login?next=%2Fconfirm-access%3Fnext%3D%2Faccount");
    let form = browser.follow(&refused).await.form("main form").set("email", ANN).set("password", PASSWORD);
    assert_eq!(browser.submit(&form).await.header("location"), "/confirm-access?next=/account");

    for elsewhere in ["//evil.example", "/\\evil.example", "https://evil.example", "/logout"] {
        let path = format!("/login?next={elsewhere}");
        let form = app.get(&path).await.form("main form").set("email", ANN).set("password", PASSWORD);
        assert_eq!(app.browser().submit(&form).await.header("location"), "/", "{elsewhere}");
    }
    let posted = app.post_form("/confirm-access", "password=x").await;
    assert_eq!((posted.status.as_u16(), posted.header("location")), (303, "/login"));
}

#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let app = start().await;
    account(&app, ANN).await;
    let mut browser = browser(&app, ANN).await;
    let form = format!("email={ANN}&password={}", PASSWORD.replace(' ', "+"));
    for path in ["/login", "/logout", "/sign-up", "/sign-up/confirm", "/password/forgot", "/password/reset"] {
        let request = Request::post(path)
            .header("origin", "https://evil.example")
            .header("content-type", "application/x-www-form-urlencoded");
        let response = browser.send(request, form.clone()).await;
        assert_eq!((response.status.as_u16(), response.header("set-cookie")), (403, ""), "{path}");
    }
    assert_eq!(status(&mut browser, "/account").await, 200);
}

#[tokio::test]
async fn a_password_manager_finds_the_fields() {
    let app = start().await;
    let page = app.get("/login").await;
    let password = page.one("main input[type=password]");
    assert_eq!(password.attribute("autocomplete"), "current-password");
    assert_eq!(password.attribute("spellcheck"), "false");
    assert_eq!(page.one("main input[type=email]").attribute("autocomplete"), "username");
    let response = app.get("/.well-known/change-password").await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/account/security"));
}

#[tokio::test]
async fn a_hash_of_another_kind_is_made_anew() {
    let app = start().await;
    account(&app, ANN).await;
    let stored =
        async || -> String { sqlx::query_scalar("SELECT password FROM users").fetch_one(app.db()).await.unwrap() };
    let hash = stored().await;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");

    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    sqlx::query("UPDATE users SET password = $1").bind(&weak).execute(app.db()).await.unwrap();
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 200);
    assert!(stored().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 200);
}
