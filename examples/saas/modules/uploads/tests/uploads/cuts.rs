//! Requests that end too early.

use std::env;

use tokio::io::AsyncWriteExt;

use crate::{
    NOTHING,
    limits::{answer, begin},
    start, traces, wait_for_rows,
};

const CUTS: usize = 20;

/// How many connections are cut: `UPLOAD_CUTS` says so where more patience is at hand.
fn cuts() -> usize {
    env::var("UPLOAD_CUTS").map_or(CUTS, |cuts| cuts.parse().expect("UPLOAD_CUTS is a number"))
}

#[tokio::test]
async fn scenario_19_a_connection_that_is_cut_leaves_nothing() {
    let files = start().await;
    let length = 3_000_000;
    let content = vec![b'x'; length];
    for cut in 0..cuts() {
        // All over the file, and never the same place twice.
        let sent = cut * 104_729 % length;
        let heads = [format!("content-length: {length}\r\n"), "transfer-encoding: chunked\r\n".to_owned()];
        let is_chunked = cut % 2 == 1;
        let begun = [format!("{length:x}\r\n").as_bytes(), &content[..sent]].concat();
        let bytes = if is_chunked { &begun } else { &content[..sent] };
        let connection = begin(&files, &heads[usize::from(is_chunked)], bytes).await;
        wait_for_rows(&files, 1).await;
        drop(connection);
        wait_for_rows(&files, 0).await;
        assert_eq!(traces(&files).await, NOTHING, "cut after {sent} bytes");
    }
}

/// A form breaks off where its file does not.
#[tokio::test]
async fn a_form_without_its_end_leaves_nothing() {
    let files = start().await;
    let body = "--xy\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntwo bottles";
    let request = hyper::Request::post("/files/upload").header("content-type", "multipart/form-data; boundary=xy");
    assert_eq!(files.send(request, body).await.status, 400);
    assert_eq!(traces(&files).await, NOTHING);
}

/// Its owner may have gone while it arrived.
#[tokio::test]
async fn a_file_that_nobody_wants_any_more_is_not_kept() {
    let files = start().await;
    let mut connection = begin(&files, "content-length: 2000\r\nconnection: close\r\n", &[b'x'; 1000]).await;
    wait_for_rows(&files, 1).await;
    sqlx::query("UPDATE files SET state = 'deleting'").execute(files.db()).await.unwrap();
    sqlx::query("DELETE FROM file_usage").execute(files.db()).await.unwrap();
    connection.write_all(&[b'x'; 1000]).await.unwrap();
    assert!(answer(connection).await.starts_with("HTTP/1.1 404"));
    assert_eq!(traces(&files).await, NOTHING);
}
