//! Attacks on the whole application. Each meets the refusal that is meant for it, and nothing has happened afterwards.

mod access;
mod accounts;
mod bodies;
mod caches;
mod cookies;
mod fields;
mod forgery;
mod limits;
mod messages;
mod methods;
mod notes;
mod origins;
mod paths;
mod people;
mod treasure;

use std::time::Duration;

use hyper::{Method, Request};
use serde_json::Value;
use testkit::{Response, TestApp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// An answer must come within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const SETTINGS: &[(&str, &str)] = &[
    // To be refused because a machine is busy would prove nothing.
    ("REQUEST_TIMEOUT_SECONDS", "30"),
    ("RATE_LIMIT_API", "off"),
    ("RATE_LIMIT_PAGES", "off"),
    ("RATE_LIMIT_FORMS", "off"),
];

async fn start() -> TestApp {
    start_with(&[]).await
}

/// All modules and the treasure, with one entry in it.
async fn start_with(more: &[(&str, &str)]) -> TestApp {
    let mut modules = app::modules();
    modules.insert(0, treasure::module());
    let app = TestApp::start_with(modules, &[SETTINGS, more].concat()).await;
    assert_eq!(app.post_form(treasure::PAGE, "entry=gold").await.status, 200);
    app
}

async fn send(app: &TestApp, method: &Method, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send(request, body.to_owned()).await
}

/// Sends a request as it is written, and reads what comes back until the connection is closed.
async fn send_raw(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.address).await.expect("the application listens");
    // A server that refuses may hang up before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    read(&mut stream).await
}

async fn read(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // What has arrived before the connection breaks counts.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection is closed in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A value as a part of an address or a form.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// The status of an answer that was read as text.
fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// What stands for the parameters of a path: ids of nothing.
const IDS: [&str; 2] = ["1", "00000000-0000-4000-8000-000000000001"];

/// The operations of the API document: method, path with an id for each of its parameters, description.
fn operations(app: &TestApp) -> Vec<(Method, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in app.application.state.openapi["paths"].as_object().expect("there are paths") {
        for (method, operation) in item.as_object().expect("a path has operations") {
            if let Ok(method) = method.to_uppercase().parse() {
                let parts = path.split('/').map(|part| part.strip_prefix('{').map_or(part, |name| id(name, operation)));
                operations.push((method, parts.collect::<Vec<_>>().join("/"), operation.clone()));
            }
        }
    }
    operations
}

/// An id of the kind that a parameter of an operation is.
fn id(name: &str, operation: &Value) -> &'static str {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut uuids = parameters.filter(|parameter| parameter["schema"]["format"] == "uuid");
    IDS[usize::from(uuids.any(|parameter| parameter["name"] == name.trim_end_matches('}')))]
}
