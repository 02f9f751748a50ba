//! Files on a storage that speaks the protocol of S3.

mod faults;
mod files;
mod kills;
#[path = "../../../../modules/uploads/tests/uploads/process.rs"]
mod process;
mod server;

use std::time::Duration;

use hyper::Request;
use kernel::Module;
use serde_json::Value;
use testkit::{Response, TestApp};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{interval, timeout},
};
use uploads::Storage;
use uuid::Uuid;

/// What a test waits for must happen within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn modules() -> Vec<Module> {
    vec![
        ui::module(),
        ui::components::module(),
        rest::module(),
        schedules::module(),
        signing::module(),
        http_client::module(),
        uploads::module(),
        s3::module(),
    ]
}

async fn start(variables: &[(&str, &str)]) -> TestApp {
    TestApp::start_with(modules(), variables).await
}

async fn upload(app: &TestApp, content: Vec<u8>) -> Response {
    app.send(Request::post("/api/v1/files?name=a.txt"), content).await
}

/// Text of this length in which every part is another one.
fn content(length: usize) -> Vec<u8> {
    let line = |number: usize| format!("line {number:08}\n");
    (0..=length / 14).flat_map(|number| line(number).into_bytes()).take(length).collect()
}

fn id(file: &Value) -> Uuid {
    file["id"].as_str().and_then(|id| id.parse().ok()).expect("a file has an id")
}

/// Begins a request that brings a file of this length, and sends so much of it.
async fn begin(address: std::net::SocketAddr, length: usize, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the application listens");
    let head = format!(
        "POST /api/v1/files?name=a.txt HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("the head can be sent");
    stream.write_all(sent).await.expect("the begin can be sent");
    stream
}

/// What is stored, complete or in part.
async fn stored(app: &TestApp) -> Vec<Uuid> {
    let state = &app.application.state;
    state.service::<Storage>().0.list(state).await.expect("the storage answers")
}

async fn rows(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM files").fetch_one(app.db()).await.unwrap()
}

async fn used(app: &TestApp) -> i64 {
    let used: Vec<i64> = sqlx::query_scalar("SELECT bytes FROM file_usage").fetch_all(app.db()).await.unwrap();
    used.into_iter().sum()
}

/// Waits until a condition holds.
async fn wait_until(mut is_so: impl AsyncFnMut() -> bool) {
    let mut pause = interval(Duration::from_millis(10));
    let wait = async {
        while !is_so().await {
            pause.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it happens in time");
}
