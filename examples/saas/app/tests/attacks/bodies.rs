//! More than the application is willing to read: too large, too slow, too deep.

use std::time::Duration;

use hyper::Method;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{interval, timeout},
};

use crate::{
    PATIENCE, read, send, send_raw, start, start_with, status,
    treasure::{API, PAGE, entries},
};

const TOO_LARGE: usize = 1024 * 1024 + 1;

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = start().await;
    let text = "x".repeat(TOO_LARGE);
    for (path, kind, body) in [
        (API, "application/json", format!("{{\"entry\":\"{text}\"}}")),
        (PAGE, "application/x-www-form-urlencoded", format!("entry={text}")),
    ] {
        let refused = send(&app, &Method::POST, path, &[("content-type", kind)], &body).await;
        assert_eq!(refused.status, 413, "{path}");

        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n");
        let answer = send_raw(&app, &format!("{head}connection: close\r\n\r\n{chunks}")).await;
        assert_eq!(status(&answer), "413", "{path} in chunks: {answer}");
    }
    assert_eq!(entries(&app).await, ["gold"]);
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_large_is_not_waited_for() {
    let app = start().await;
    for (path, kind) in [(API, "application/json"), (PAGE, "application/x-www-form-urlencoded"), ("/nothing", "text/x")]
    {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: {kind}\r\ncontent-length: {TOO_LARGE}\r\n");
        let answer = send_raw(&app, &format!("{head}connection: close\r\n\r\n")).await;
        let expected = if path == "/nothing" { "404" } else { "413" };
        assert_eq!(status(&answer), expected, "{path}: {answer}");
    }
    assert_eq!(entries(&app).await, ["gold"]);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let app = start().await;
    let many = "x-many: 1\r\n".repeat(200);
    let large = format!("x-large: {}\r\n", "x".repeat(TOO_LARGE));
    let far = format!("/{}", "x".repeat(100_000));
    for (target, headers, expected) in
        [("/", many.as_str(), "431"), ("/", large.as_str(), "431"), (far.as_str(), "", "414")]
    {
        let answer = send_raw(&app, &format!("GET {target} HTTP/1.1\r\nhost: test\r\n{headers}\r\n")).await;
        assert_eq!(status(&answer), expected, "{} and {} bytes", target.len(), headers.len());
    }
    assert_eq!(app.get("/health/live").await.status, 200);
}

/// Each byte comes in time; the request does not.
#[tokio::test]
async fn a_body_that_arrives_drop_by_drop_is_given_up() {
    let app = start_with(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let head =
        format!("POST {API} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 999\r\n");
    let mut stream = TcpStream::connect(app.address).await.expect("the application listens");
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.expect("the head can be sent");
    let mut pace = interval(Duration::from_millis(50));
    let dripping = async {
        while tokio::select! { biased; readable = stream.readable() => readable.is_err(), _ = pace.tick() => true } {
            if stream.try_write(b" ").is_err() {
                break;
            }
        }
    };
    timeout(PATIENCE, dripping).await.expect("somebody loses patience");
    let answer = read(&mut stream).await;
    assert_eq!(status(&answer), "503", "{answer}");
    assert_eq!(entries(&app).await, ["gold"]);
}

#[tokio::test]
async fn a_body_that_nests_too_deep_is_refused() {
    let app = start().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"more\":{}1{},\"entry\":1}}", open.repeat(100_000), close.repeat(100_000));
        let refused = send(&app, &Method::POST, API, &[("content-type", "application/json")], &deep).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
    assert_eq!(entries(&app).await, ["gold"]);
}
