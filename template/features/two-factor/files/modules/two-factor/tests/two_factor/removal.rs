//! 25: the feature goes from an application that is in use, and comes back.

use auth::commands::Command;
use hyper::Request;
use serde_json::Value;
use testkit::TestApp;

use crate::{
    ANN, PASSWORD, browser, enter, leads, modules, run, sign_in, start, status, turn_on, wait_for_a_code, waiting,
};

async fn with_cookie(app: &TestApp, path: &str, cookie: &str) -> u16 {
    app.send(Request::get(path).header("cookie", cookie), "").await.status.as_u16()
}

#[tokio::test]
async fn without_the_feature_the_password_will_do_and_with_it_again_it_will_not() {
    let app = start().await;
    let mut browser = browser(&app, ANN).await;
    let (phone, codes) = turn_on(&app, &mut browser).await;
    let session = format!("session={}", browser.cookie("session").unwrap());
    let pending = format!("pending={}", waiting(&app, PASSWORD).await.cookie("pending").unwrap());

    let mut others = modules();
    // It is the last one.
    others.pop();
    let bare = app.restart(others, &[]).await;
    for path in ["/", "/account", "/account/security", "/account/export", "/api/v1/account"] {
        assert_eq!(with_cookie(&bare, path, &session).await, 200, "a session from before: {path}");
    }
    for path in ["/login/code", "/account/two-factor", "/api/v1/account/two-factor"] {
        assert_eq!(with_cookie(&bare, path, &session).await, 404, "{path}");
    }
    assert_eq!(with_cookie(&bare, "/login/code", &pending).await, 404);
    assert_eq!(with_cookie(&bare, "/login", &pending).await, 200);

    let mut plain = bare.browser();
    assert_eq!(sign_in(&mut plain, ANN, PASSWORD).await.header("location"), "/");
    let page = plain.get("/account").await;
    assert!(page.status == 200 && !page.body.contains("Second factor"), "{}", page.body);
    assert!(page.body.contains("Something else"), "what has happened stays: {}", page.body);
    assert_eq!(plain.get("/account/export").await.json::<Value>()["two_factor"], Value::Null);
    assert!(!run(&bare, Command::Show { email: ANN.to_owned() }).await.unwrap().contains("step"));

    wait_for_a_code(&app);
    let again = app.restart(modules(), &[]).await;
    assert_eq!(status(&mut waiting(&again, PASSWORD).await, "/account").await, 303);
    assert_eq!(enter(&mut waiting(&again, PASSWORD).await, &phone.code(&again)).await, leads("/"));
    assert_eq!(enter(&mut waiting(&again, PASSWORD).await, &codes[0]).await, leads("/"));
}
