use hyper::Request;
use serde_json::Value;
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{NOTHING, start_with, start_with_people, text, traces, upload, uploaded, wait_for_rows};

const SMALL: &[(&str, &str)] =
    &[("UPLOAD_MAX_BYTES", "1000"), ("UPLOAD_QUOTA_BYTES", "2500"), ("UPLOAD_QUOTA_FILES", "4")];

fn content(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

/// Sends the head of a request, and perhaps more.
pub async fn begin(app: &TestApp, head: &str, content: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.expect("the application listens");
    let visitor = app.visitor.as_ref().map(|visitor| format!("test-visitor: {} \r\n", visitor.id)).unwrap_or_default();
    let head = format!("POST /api/v1/files?name=a.txt HTTP/1.1\r\nhost: test\r\n{visitor}{head}\r\n");
    stream.write_all(head.as_bytes()).await.expect("the head can be sent");
    stream.write_all(content).await.expect("the begin can be sent");
    stream
}

/// What comes back until the connection is closed.
pub async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // What has arrived before the connection breaks counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_comes() {
    let files = start_with(SMALL, Vec::new()).await;
    assert_eq!(upload(&files, "a.txt", &content(1000)).await.status, 201);
    let refused = upload(&files, "a.txt", &content(1001)).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json::<Value>()["detail"], "A file may have 1000 bytes at most.");
    // Nobody waits for what is announced only.
    let stream = begin(&files, "content-length: 1000000000000\r\nconnection: close\r\n", b"").await;
    assert!(answer(stream).await.starts_with("HTTP/1.1 413"));
    // And what is not announced is counted.
    let mut stream = begin(&files, "transfer-encoding: chunked\r\nconnection: close\r\n", b"").await;
    let piece = format!("258\r\n{}\r\n", "x".repeat(600));
    let _ = stream.write_all(format!("{piece}{piece}0\r\n\r\n").as_bytes()).await;
    assert!(answer(stream).await.starts_with("HTTP/1.1 413"));
    assert_eq!(traces(&files).await, (1, 1000, 1, 1));
}

#[tokio::test]
async fn nobody_stores_more_than_their_room() {
    let files = start_with_people(SMALL).await;
    let (ann, bob) = (files.as_user(), files.as_user());
    for length in [1000, 1000, 500] {
        uploaded(&ann, "a.txt", &content(length)).await;
    }
    let refused = upload(&ann, "a.txt", b"x").await;
    assert_eq!(refused.status, 413);
    assert!(refused.body.contains("more than you may store"), "{}", refused.body);
    let file = uploaded(&bob, "a.txt", b"x").await;
    for _ in 0..3 {
        uploaded(&bob, "a.txt", b"x").await;
    }
    assert_eq!(upload(&bob, "a.txt", b"x").await.status, 413, "files are counted, too");
    bob.delete(&format!("/api/v1/files/{}", text(&file, "id"))).await;
    assert_eq!(upload(&bob, "a.txt", b"x").await.status, 201, "room comes back");
}

/// The room is taken before the bytes come: two that are on their way together cannot pass it.
#[tokio::test]
async fn room_is_taken_before_bytes_flow() {
    let files = start_with_people(&[("UPLOAD_MAX_BYTES", "1000"), ("UPLOAD_QUOTA_BYTES", "1500")]).await;
    let ann = files.as_user();
    let mut first = begin(&ann, "content-length: 1000\r\nconnection: close\r\n", b"x").await;
    wait_for_rows(&files, 1).await;
    assert_eq!(upload(&ann, "a.txt", &content(1000)).await.status, 413);
    assert_eq!(upload(&ann, "a.txt", &content(500)).await.status, 201);
    first.write_all(&content(999)).await.unwrap();
    assert!(answer(first).await.starts_with("HTTP/1.1 201"));
    assert_eq!(traces(&files).await, (2, 1500, 2, 2));
}

#[tokio::test]
async fn so_many_files_may_arrive_at_the_same_time() {
    let files = start_with_people(&[("UPLOADS_AT_ONCE", "3"), ("UPLOADS_AT_ONCE_PER_USER", "2")]).await;
    let (ann, bob) = (files.as_user(), files.as_user());
    let head = "content-length: 10\r\nconnection: close\r\n";
    let mut first = begin(&ann, head, b"x").await;
    let _second = begin(&ann, head, b"x").await;
    wait_for_rows(&files, 2).await;
    let refused = upload(&ann, "a.txt", b"x").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "5"));
    let _third = begin(&bob, head, b"x").await;
    wait_for_rows(&files, 3).await;
    let refused = upload(&bob, "a.txt", b"x").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"));
    first.write_all(b"xxxxxxxxx").await.unwrap();
    assert!(answer(first).await.starts_with("HTTP/1.1 201"));
    assert_eq!(upload(&bob, "a.txt", b"x").await.status, 201);
}

#[tokio::test]
async fn the_disk_keeps_room_for_others() {
    let files = start_with(&[("UPLOADS_DISK_RESERVE_BYTES", "9223372036854775807")], Vec::new()).await;
    let refused = upload(&files, "a.txt", b"two bottles").await;
    assert_eq!(refused.status, 507, "{}", refused.body);
    assert_eq!(traces(&files).await, NOTHING);
    let state = &files.application.state;
    let found: Vec<_> = state.all::<kernel::Inspect>().to_vec();
    let kernel::Inspect(look) = found[0];
    let advice = look(state.clone()).await.unwrap().expect("something is wrong");
    assert!(advice.contains("UPLOADS_DISK_RESERVE_BYTES"), "{advice}");
}

/// A form has a file, and little besides.
#[tokio::test]
async fn a_form_has_limits_of_its_own() {
    let files = start_with(SMALL, Vec::new()).await;
    for (form, status) in [
        (testkit::Multipart::new().text("other", "1").file("file", "a.txt", "text/plain", &content(1000)), 303),
        (testkit::Multipart::new().file("file", "a.txt", "text/plain", &content(1001)), 413),
        (testkit::Multipart::new().file("file", "a.txt", "text/plain", &content(200_000)), 413),
        (testkit::Multipart::new().file("file", "", "application/octet-stream", b""), 422),
        (testkit::Multipart::new().text("file", "no file"), 422),
        (testkit::Multipart::new().file("other", "a.txt", "text/plain", b"x"), 422),
        (testkit::Multipart::new(), 422),
        ((0..10_000).fold(testkit::Multipart::new(), |form, _| form.text("other", "1")), 400),
        (testkit::Multipart::new().text("other", &"x".repeat(70_000)).file("file", "a.txt", "text/plain", b"x"), 400),
    ] {
        let answer = files.post_multipart("/files/upload", form).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let urlencoded = Request::post("/files/upload").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(files.send(urlencoded, "file=a").await.status, 415);
    assert_eq!(traces(&files).await, (1, 1000, 1, 1));
}
