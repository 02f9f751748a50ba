//! Handlers learn who is asking.

use std::{io::ErrorKind::WouldBlock, time::Duration};

use axum::routing::get;
use clients::ClientIp;
use hyper::Request;
use kernel::{Advice, Module, Policy, Routes};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);

async fn client(trusted: &str) -> String {
    let pages = Routes::new().route("/me", get(async |ClientIp(client): ClientIp| client.to_string()));
    let modules = vec![clients::module(), Module::new("mirror").pages(Policy::PUBLIC, pages)];
    let app = TestApp::start_with(modules, &[("TRUSTED_PROXIES", trusted)]).await;
    let request = Request::get("/me").header("x-forwarded-for", "198.51.100.1, 203.0.113.7");
    app.send(request, String::new()).await.body
}

#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_others() {
    assert_eq!(client("").await, "127.0.0.1");
    assert_eq!(client("10.0.0.0/8").await, "127.0.0.1");
    assert_eq!(client("127.0.0.0/8").await, "203.0.113.7");
}

#[tokio::test]
async fn production_wants_to_hear_of_the_proxies() {
    let advice = async |variables: &[(&str, &str)]| {
        let app = TestApp::start_with(vec![clients::module()], variables).await;
        let state = &app.application.state;
        state.all().iter().filter_map(|Advice(ask)| ask(&state.config)).collect::<Vec<_>>()
    };
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "https://example.com")];
    assert!(advice(&production).await.concat().contains("TRUSTED_PROXIES is not set"));
    for given in ["", "127.0.0.1"] {
        assert!(advice(&[&production[..], &[("TRUSTED_PROXIES", given)]].concat()).await.is_empty());
    }
    assert!(advice(&[]).await.is_empty());
}

#[tokio::test]
async fn a_client_that_has_all_its_connections_gets_no_more() {
    let app = TestApp::start_with(vec![clients::module()], &[("CONNECTIONS_PER_CLIENT", "2")]).await;
    let mut held = [TcpStream::connect(app.address).await.unwrap(), TcpStream::connect(app.address).await.unwrap()];
    let mut third = TcpStream::connect(app.address).await.unwrap();
    let closed = timeout(PATIENCE, third.read(&mut [0])).await.expect("it is closed at once");
    assert!(!matches!(closed, Ok(1..)), "{closed:?}");

    // Those that it has work, and there is room again when one is closed.
    let request = b"GET /health/live HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    for stream in &mut held {
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer comes").unwrap();
        assert!(answer.ends_with("ok"), "{answer}");
    }
    let again = async {
        loop {
            let mut stream = TcpStream::connect(app.address).await.unwrap();
            let mut answer = String::new();
            let sent = stream.write_all(request).await.is_ok();
            if sent && stream.read_to_string(&mut answer).await.is_ok() && answer.ends_with("ok") {
                return;
            }
        }
    };
    timeout(PATIENCE, again).await.expect("there is room again");
}

#[tokio::test]
async fn a_trusted_proxy_may_have_any_number_of_connections() {
    let variables = [("CONNECTIONS_PER_CLIENT", "2"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let app = TestApp::start_with(vec![clients::module()], &variables).await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(TcpStream::connect(app.address).await.unwrap());
    }
    assert_eq!(app.get("/health/live").await.body, "ok");
    // None of them was closed.
    assert!(held.iter().all(|stream| stream.try_read(&mut [0]).is_err_and(|error| error.kind() == WouldBlock)));
}
