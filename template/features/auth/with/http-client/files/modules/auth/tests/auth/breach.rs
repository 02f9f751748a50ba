//! Passwords that a service knows to be stolen.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Path, http::HeaderMap, routing::get};
use serde_json::{Value, json};
use testkit::TestApp;
use tokio::net::TcpListener;

use crate::{ANN, OTHER, PASSWORD, account, api, browser, create, login, start_with, token};

/// The SHA-1 of [`OTHER`], as the service tells it.
const STOLEN: (&str, &str) = ("5FDDD", "49D41DEC905695B890E52601B0212278488");

type Asked = Arc<Mutex<Vec<(String, bool)>>>;

/// A service that knows one password, and what it was asked.
async fn service(asked: &Asked) -> String {
    let asked = Arc::clone(asked);
    let answer = async move |Path(start): Path<String>, headers: HeaderMap| {
        let known = if start == STOLEN.0 { STOLEN.1 } else { "0018A45C4D1DEF81644B54AB7F969B88D65" };
        asked.lock().unwrap().push((start, headers.contains_key("add-padding")));
        format!("00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\r\n{known}:7\r\n")
    };
    serve(Router::new().route("/range/{start}", get(answer))).await
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/range/")
}

async fn choose(app: &TestApp, url: &str, password: &str) -> (u16, Value) {
    let reset = json!({ "token": token(url), "password": password });
    let answer = app.post_json("/api/v1/auth/password/reset", &reset).await;
    (answer.status.as_u16(), if answer.body.is_empty() { Value::Null } else { answer.json() })
}

#[tokio::test]
async fn a_stolen_password_is_refused_by_five_characters() {
    let asked = Asked::default();
    let url = service(&asked).await;
    let app = start_with(&[("PASSWORD_BREACH_URL", &url)]).await;
    let link = create(&app, ANN, false).await;
    let (status, problem) = choose(&app, &link, OTHER).await;
    assert_eq!(status, 422);
    assert!(problem["errors"]["password"].as_str().unwrap().contains("stolen"), "{problem}");
    assert_eq!(choose(&app, &link, PASSWORD).await.0, 204, "the link is good for another one");
    assert_eq!(*asked.lock().unwrap(), [("5FDDD".to_owned(), true), ("7CDF0".to_owned(), true)]);

    let mut browser = browser(&app, ANN).await;
    let body = json!({ "current": PASSWORD, "password": OTHER }).to_string();
    assert_eq!(api(&mut browser, "PUT", "/api/v1/account/password", &body).await.status, 422);
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 200);
    assert_eq!(asked.lock().unwrap().len(), 3, "nobody asks about a login");
}

/// What was added to an answer has the count 0.
#[tokio::test]
async fn padding_is_no_password() {
    let padding = format!("{}:0\r\n", STOLEN.1);
    let url = serve(Router::new().route("/range/{start}", get(async || padding))).await;
    let app = start_with(&[("PASSWORD_BREACH_URL", &url)]).await;
    let link = create(&app, ANN, false).await;
    assert_eq!(choose(&app, &link, OTHER).await.0, 204);
}

/// A service that is away keeps nobody out.
#[tokio::test]
async fn without_an_answer_no_password_is_refused() {
    for router in [
        Router::new(),
        Router::new().route("/range/{start}", get(async || vec![0xff_u8; 40])),
        Router::new().route("/range/{start}", get(async || std::future::pending::<String>().await)),
    ] {
        let url = serve(router).await;
        let app = start_with(&[("PASSWORD_BREACH_URL", &url)]).await;
        let link = create(&app, ANN, false).await;
        assert_eq!(choose(&app, &link, OTHER).await.0, 204);
    }
}

#[tokio::test]
async fn without_a_service_nobody_is_asked() {
    let app = start_with(&[]).await;
    account(&app, ANN).await;
    assert_eq!(login(&app, ANN, PASSWORD).await.status, 200);
}
