//! Clients that keep a connection busy by sending next to nothing.

use std::time::Duration;

use axum::{Json, Router, routing::post};
use kernel::Module;
use serde_json::Value;
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Sends the beginning of a request, and returns what comes back before the connection is closed.
async fn send_beginning(beginning: &str) -> String {
    let pages = Router::new().route("/read", post(async |Json(_): Json<Value>| "read"));
    let modules = vec![Module::new("reader").pages(pages)];
    let app = TestApp::start_with(modules, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let server = app.application.clone();
    tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });

    stream.write_all(beginning.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(Duration::from_secs(5), stream.read_to_string(&mut answer));
    read.await.expect("the connection is closed in time").unwrap();
    answer
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    assert_eq!(send_beginning("GET / HTTP/1.1\r\nhost: te").await, "");
}

#[tokio::test]
async fn a_body_that_does_not_end_is_given_up() {
    let head = "POST /read HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let answer = send_beginning(head).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
