//! Requests that are meant for somebody else.

use axum::routing::get;
use kernel::{Config, Module, Policy, Routes};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const PRODUCTION: [(&str, &str); 3] = [
    ("APP_ENV", "production"),
    ("PUBLIC_URL", "https://example.com"),
    ("ALLOWED_HOSTS", "www.example.com, [2001:db8::1]"),
];

/// The status of the answer to a request with these headers.
async fn ask(app: &TestApp, target: &str, headers: &str) -> u16 {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn start(variables: &[(&str, &str)]) -> TestApp {
    let pages = Routes::new().route("/page", get(async || "done"));
    TestApp::start_with(vec![Module::new("things").pages(Policy::PUBLIC, pages)], variables).await
}

#[tokio::test]
async fn a_request_has_exactly_one_host() {
    let app = start(&[]).await;
    assert_eq!(ask(&app, "/page", "host: anywhere\r\n").await, 200);
    for hosts in
        ["", "host: test\r\nhost: test\r\n", "host:\r\n", "host: a b\r\n", "host: me@test\r\n", "host: test/page\r\n"]
    {
        assert_eq!(ask(&app, "/page", hosts).await, 400, "{hosts:?}");
        assert_eq!(ask(&app, "/api/openapi.json", hosts).await, 400, "{hosts:?}");
    }
}

#[test]
fn names_of_hosts_are_no_more_than_that() {
    let read = |hosts: &str| {
        let variables = [("DATABASE_URL", "none"), ("ALLOWED_HOSTS", hosts)];
        let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Config::from_variables(&variables, &[]).unwrap_err().to_string()
    };
    for wrong in ["https://example.com", "example.com:443", "me@example.com", "example.com/page", "a b"] {
        assert!(read(wrong).contains("ALLOWED_HOSTS"), "{wrong}");
    }
    assert!(!read("example.com, www.example.com,[::1],127.0.0.1,").contains("ALLOWED_HOSTS"));
}

#[tokio::test]
async fn production_answers_for_its_own_names_only() {
    let app = start(&PRODUCTION).await;
    for host in ["example.com", "EXAMPLE.com:443", "www.example.com", "[2001:db8::1]:3000"] {
        assert_eq!(ask(&app, "/page", &format!("host: {host}\r\n")).await, 200, "{host}");
    }
    for host in ["evil.example", "example.com.evil.example", "127.0.0.1", "evilexample.com", "example.com."] {
        assert_eq!(ask(&app, "/page", &format!("host: {host}\r\n")).await, 421, "{host}");
        assert_eq!(ask(&app, "/nothing", &format!("host: {host}\r\n")).await, 421, "{host}");
    }
    assert_eq!(ask(&app, "http://evil.example/page", "host: example.com\r\n").await, 421);
    // A probe knows an address and no name.
    assert_eq!(ask(&app, "/health/ready", "host: 10.0.0.7:3000\r\n").await, 200);
}

#[tokio::test]
async fn this_machine_has_several_names() {
    let app = start(&[("APP_ENV", "production"), ("PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
        assert_eq!(ask(&app, "/page", &format!("host: {host}\r\n")).await, 200, "{host}");
    }
    for host in ["example.com", "192.0.2.1", "localhost.example"] {
        assert_eq!(ask(&app, "/page", &format!("host: {host}\r\n")).await, 421, "{host}");
    }
}
