//! What happens to answers and ids on their way.

use axum::{http::header, routing::get};
use hyper::Request;
use kernel::{Module, Policy, Routes};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// The head of an answer to a client that understands gzip.
async fn head(path: &str) -> String {
    let large = "x".repeat(2000);
    let encoded = ([(header::CONTENT_ENCODING, "br")], large.clone());
    let picture = ([(header::CONTENT_TYPE, "image/png")], large.clone());
    let pages = Routes::new()
        .route("/large", get(async move || large))
        .route("/small", get(async || "x"))
        .route("/encoded", get(async move || encoded))
        .route("/picture", get(async move || picture));
    let app = TestApp::start(vec![Module::new("sizes").pages(Policy::PUBLIC, pages)]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let server = app.application.clone();
    tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).split("\r\n\r\n").next().unwrap_or_default().to_lowercase()
}

#[tokio::test]
async fn large_texts_are_compressed() {
    let head = head("/large").await;
    assert!(head.contains("content-encoding: gzip") && head.contains("vary: accept-encoding"), "{head}");
}

#[tokio::test]
async fn nothing_else_is_compressed() {
    for path in ["/small", "/picture"] {
        assert!(!head(path).await.contains("content-encoding"), "{path}");
    }
    assert!(head("/encoded").await.contains("content-encoding: br"));
}

#[tokio::test]
async fn an_id_that_is_none_is_replaced() {
    let app = TestApp::start(Vec::new()).await;
    for id in ["", "two words", &"x".repeat(65)] {
        let response = app.send(Request::get("/health/live").header("x-request-id", id), String::new()).await;
        let given = response.header("x-request-id");
        assert!(given != id && given.len() == 36, "{id:?} became {given:?}");
    }
}
