//! Clients that keep a connection busy and get nothing done.

use std::{sync::LazyLock, time::Duration};

use axum::{
    Json,
    body::Bytes,
    http::header,
    routing::{get, post},
};
use kernel::{Module, Policy, Routes};
use serde_json::Value;
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::Semaphore,
    time::{interval, timeout},
};

/// What must happen does so within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than the buffers of a connection hold.
const LARGE: usize = 16 * 1024 * 1024;

static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| vec![0; LARGE]);
static LET_GO: Semaphore = Semaphore::const_new(0);

/// An answer that tells when nobody holds it any more.
struct Watched;

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &CONTENT
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        LET_GO.add_permits(1);
    }
}

async fn start(variables: &[(&str, &str)]) -> TestApp {
    let kind = || [(header::CONTENT_TYPE, "application/octet-stream")];
    let pages = Routes::new()
        .route("/quick", get(async || "done"))
        .route("/read", post(async |Json(_): Json<Value>| "read"))
        .route("/watched", get(async move || (kind(), Bytes::from_owner(Watched))))
        .route("/large", get(async move || (kind(), Bytes::from_static(&CONTENT))));
    TestApp::start_with(vec![Module::new("reader").pages(Policy::PUBLIC, pages)], variables).await
}

/// Sends the beginning of a request, and returns what comes back before the connection is closed.
async fn send_beginning(variables: &[(&str, &str)], beginning: &[u8]) -> String {
    let app = start(variables).await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(beginning).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection is closed in time").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    // One has not even begun it; another one is idle after a request.
    for beginning in ["", "GET / HTTP/1.1\r\nhost: te"] {
        assert_eq!(send_beginning(&[("CONNECTION_TIMEOUT_SECONDS", "1")], beginning.as_bytes()).await, "");
    }
    let idle =
        send_beginning(&[("CONNECTION_TIMEOUT_SECONDS", "1")], b"GET /quick HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200") && idle.ends_with("done"), "{idle}");
}

#[tokio::test]
async fn a_body_that_does_not_end_is_given_up() {
    let head = b"POST /read HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let answer = send_beginning(&[("REQUEST_TIMEOUT_SECONDS", "1")], head).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn http2_is_refused_at_once() {
    // The preface, and empty settings: a server that speaks it would answer with its own, and wait.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = send_beginning(&[("CONNECTION_TIMEOUT_SECONDS", "600")], preface).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_dropped() {
    let app = start(&[("CONNECTION_TIMEOUT_SECONDS", "1")]).await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(b"GET /watched HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    timeout(PATIENCE, LET_GO.acquire()).await.expect("the answer does not stay in memory").unwrap().forget();
    let mut rest = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the connection is closed");
    assert!(read.is_err() || rest.len() < LARGE, "all of it came");
}

#[tokio::test]
async fn a_client_may_be_slow_as_long_as_it_reads() {
    let app = start(&[("CONNECTION_TIMEOUT_SECONDS", "1")]).await;
    let socket = TcpSocket::new_v4().unwrap();
    // So that the server notices every pause of the client.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut stream = socket.connect(app.address).await.unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut pace, mut part, mut read) = (interval(Duration::from_millis(125)), vec![0; LARGE / 24], 0);
    while let Ok(bytes @ 1..) = stream.read(&mut part).await {
        read += bytes;
        // An eighth of the answer at the pace of a client that needs longer for it than the server waits for any.
        if read < LARGE / 8 {
            pace.tick().await;
        }
    }
    assert!(read > LARGE, "{read} bytes came");
}
