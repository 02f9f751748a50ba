//! What happens to work in flight when the application is asked to stop.

use std::{future, net::SocketAddr, time::Duration};

use axum::routing::get;
use kernel::{AppState, Job, Module, Policy, Routes, database, jobs};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Anything that is not held up takes far less.
const SOON: Duration = Duration::from_secs(5);

static REQUEST_ARRIVED: Semaphore = Semaphore::const_new(0);
static REQUEST_MAY_END: Semaphore = Semaphore::const_new(0);
static ENDLESS_ARRIVED: Semaphore = Semaphore::const_new(0);
static JOB_STARTED: Semaphore = Semaphore::const_new(0);
static JOB_MAY_END: Semaphore = Semaphore::const_new(0);

/// One that is told when to end.
#[derive(Serialize, Deserialize)]
struct Patient;

impl Job for Patient {
    const NAME: &'static str = "tests.patient";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        JOB_STARTED.add_permits(1);
        JOB_MAY_END.acquire().await?.forget();
        Ok(())
    }
}

fn module() -> Module {
    let pages = Routes::new()
        .route("/quick", get(async || "done"))
        .route("/patient", get(patient))
        .route("/endless", get(endless));
    Module::new("tests").pages(Policy::PUBLIC, pages).job::<Patient>()
}

async fn patient() -> &'static str {
    REQUEST_ARRIVED.add_permits(1);
    REQUEST_MAY_END.acquire().await.unwrap().forget();
    "done"
}

async fn endless() {
    ENDLESS_ARRIVED.add_permits(1);
    future::pending::<()>().await;
}

/// A second server of the same application, which the test can stop.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

async fn serve(app: &TestApp) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (application, stopping) = (app.application.clone(), stop.clone());
    let running = tokio::spawn(async move { application.serve(listener, stopping).await });
    Server { address, stop, running }
}

async fn request(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let app = TestApp::start(vec![module()]).await;
    let server = serve(&app).await;
    let mut stream = request(&server, "/patient").await;
    REQUEST_ARRIVED.acquire().await.unwrap().forget();

    server.stop.cancel();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.running.is_finished());
    REQUEST_MAY_END.add_permits(1);
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    timeout(SOON, server.running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn idle_connections_hold_nothing_up() {
    let app = TestApp::start_with(vec![module()], &[("CONNECTION_TIMEOUT_SECONDS", "600")]).await;
    let server = serve(&app).await;
    // One that has not said anything yet, and one that might ask for more.
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let mut kept_alive = request(&server, "/quick").await;
    kept_alive.read_exact(&mut [0; 12]).await.unwrap();

    server.stop.cancel();
    timeout(SOON, server.running).await.expect("nobody waits for idle connections").unwrap().unwrap();
}

#[tokio::test]
async fn a_request_on_its_way_is_answered() {
    let app = TestApp::start(vec![module()]).await;
    let server = serve(&app).await;
    let mut new = TcpStream::connect(server.address).await.unwrap();
    // Connections are accepted in turn: when this one has its answer, the first one is in.
    request(&server, "/quick").await.read_exact(&mut [0; 12]).await.unwrap();

    server.stop.cancel();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let early = timeout(Duration::from_millis(250), new.read(&mut [0])).await;
    assert!(early.is_err(), "it is closed before it could ask: {early:?}");
    new.write_all(b"GET /quick HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(SOON, new.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    timeout(SOON, server.running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let app = TestApp::start_with(vec![module()], &[("SHUTDOWN_SECONDS", "1")]).await;
    let server = serve(&app).await;
    let _stream = request(&server, "/endless").await;
    ENDLESS_ARRIVED.acquire().await.unwrap().forget();

    server.stop.cancel();
    let error = timeout(SOON, server.running).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("SHUTDOWN_SECONDS"), "{error}");
}

#[tokio::test]
async fn a_job_in_flight_is_finished() {
    let app = TestApp::start(vec![module()]).await;
    let mut transaction = database::begin(app.db()).await.unwrap();
    jobs::enqueue(&mut transaction, &Patient).await.unwrap();
    transaction.commit().await.unwrap();

    let stop = CancellationToken::new();
    let (worker, stopping) = (app.application.worker.clone(), stop.clone());
    let running = tokio::spawn(async move { worker.run(stopping).await });
    JOB_STARTED.acquire().await.unwrap().forget();
    stop.cancel();
    assert!(!running.is_finished());
    JOB_MAY_END.add_permits(1);
    timeout(SOON, running).await.unwrap().unwrap().unwrap();
    assert_eq!(jobs::due(app.db()).await.unwrap(), 0);
}
