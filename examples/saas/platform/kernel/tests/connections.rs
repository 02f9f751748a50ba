//! More clients than there is room for.

use std::{
    io::ErrorKind::WouldBlock,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{extract::Request, routing::get};
use hyper::{StatusCode, header, upgrade};
use hyper_util::rt::TokioIo;
use kernel::{Module, Policy, Routes};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);
const CLIENTS: usize = 12;
const ROOM: usize = 3;

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static ARRIVED: Semaphore = Semaphore::const_new(0);
static MAY_LEAVE: Semaphore = Semaphore::const_new(0);

async fn visit() -> &'static str {
    MOST.fetch_max(INSIDE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    ARRIVED.add_permits(1);
    MAY_LEAVE.acquire().await.unwrap().forget();
    INSIDE.fetch_sub(1, Ordering::SeqCst);
    "done"
}

#[tokio::test]
async fn those_that_find_no_room_wait_for_their_turn() {
    let module = Module::new("rooms").pages(Policy::PUBLIC, Routes::new().route("/visit", get(visit)));
    let app = TestApp::start_with(vec![module], &[("CONNECTION_LIMIT", &ROOM.to_string())]).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(b"GET /visit HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
        clients.spawn(async move {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        });
    }
    // All have sent their request. As many as there is room for are inside when the first one may leave.
    let arrive = ARRIVED.acquire_many(u32::try_from(ROOM).unwrap());
    timeout(PATIENCE, arrive).await.expect("the first ones are let in").unwrap().forget();
    while let Some(answer) = {
        MAY_LEAVE.add_permits(1);
        timeout(PATIENCE, clients.join_next()).await.expect("everybody has a turn")
    } {
        assert!(answer.unwrap().ends_with("done"));
    }
    assert_eq!(MOST.load(Ordering::SeqCst), ROOM);
}

/// Speaks another protocol from then on: it sends back what it gets.
async fn echo(mut request: Request) -> (StatusCode, [(header::HeaderName, &'static str); 2]) {
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade::on(&mut request).await.unwrap());
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            stream.write_all(&byte).await.unwrap();
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")])
}

#[tokio::test]
async fn a_connection_that_speaks_another_protocol_keeps_its_place() {
    let module = Module::new("echoes").pages(Policy::PUBLIC, Routes::new().route("/echo", get(echo)));
    let app = TestApp::start_with(vec![module], &[("CONNECTION_LIMIT", "1")]).await;
    let mut first = TcpStream::connect(app.address).await.unwrap();
    first.write_all(b"GET /echo HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, first.read_u8()).await.expect("it is answered").unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));

    let mut second = TcpStream::connect(app.address).await.unwrap();
    second.write_all(b"GET /health/live HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    // Long enough for an answer, if there were room.
    for byte in 0..200 {
        first.write_u8(byte).await.unwrap();
        assert_eq!(timeout(PATIENCE, first.read_u8()).await.expect("it comes back").unwrap(), byte);
    }
    assert!(second.try_read(&mut [0]).is_err_and(|error| error.kind() == WouldBlock));
    drop(first);
    let mut answer = String::new();
    timeout(PATIENCE, second.read_to_string(&mut answer)).await.expect("there is room now").unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
}
