//! More clients than there is room for.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::routing::get;
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
