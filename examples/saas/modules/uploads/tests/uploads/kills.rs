//! Processes that die while files arrive, and what they leave behind.

use std::time::Duration;

use kernel::Job;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uploads::Clean;

use crate::{
    Files, NOTHING, modules,
    process::{Process, serve},
    start, traces, wait_for_rows,
};

const SECRET: (&str, &str) = ("APP_SECRET", "the secret of a test, which everybody may know");

/// How much the memory may grow for a file of any size, in KiB.
const GROWTH: u64 = 40 * 1024;

/// No test: the other process.
#[tokio::test]
#[ignore = "serves until it is killed"]
async fn process() {
    serve(modules()).await;
}

fn process_for(files: &Files, more: &[(&str, &str)]) -> Process {
    let folder = files.folder.path().join("files");
    let folder = folder.to_str().expect("the path is text");
    let own = [("DATABASE_URL", files.database_url()), ("UPLOADS_FOLDER", folder), SECRET];
    Process::start("kills::process", &[&own, more].concat())
}

async fn begin(process: &Process, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(process.address).await.expect("the process listens");
    let head = format!(
        "POST /api/v1/files?name=a.txt HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("the head can be sent");
    stream
}

#[tokio::test]
async fn scenario_19_a_process_that_is_killed_leaves_nothing_for_long() {
    let files = start().await;
    let mut process = process_for(&files, &[]);
    for sent in [0, 600, 100_000] {
        begin(&process, 200_000).await.write_all(&vec![b'x'; sent]).await.unwrap();
    }
    let mut last = begin(&process, 200_000).await;
    last.write_all(&[b'x'; 600]).await.unwrap();
    // The connections that are closed by now leave nothing.
    wait_for_rows(&files, 1).await;
    process.kill();
    let (rows, bytes, counted, _) = traces(&files).await;
    assert_eq!((rows, bytes, counted), (1, 200_000, 1));

    let clean = async || Clean {}.run(files.application.state.clone()).await.unwrap();
    clean().await;
    assert_eq!(traces(&files).await.0, 1, "it might still arrive");
    files.clock().advance(Duration::from_mins(121));
    clean().await;
    assert_eq!(traces(&files).await, NOTHING);
}

/// `cargo test --release -p uploads -- --ignored a_gigabyte --nocapture` tells the figures.
#[tokio::test]
#[ignore = "takes a while, and a gigabyte of the disk"]
async fn a_gigabyte_passes_through_little_memory() {
    let files = start().await;
    let size: usize = 1024 * 1024 * 1024;
    let (limit, quota) = (size.to_string(), (2 * size).to_string());
    let process = process_for(&files, &[("UPLOAD_MAX_BYTES", &limit), ("UPLOAD_QUOTA_BYTES", &quota)]);
    // What is there once, with the first request, is no growth.
    begin(&process, 1).await.write_all(b"x").await.unwrap();
    wait_for_rows(&files, 1).await;
    let Some(before) = process.peak() else { return };

    let mut stream = begin(&process, size).await;
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..size / piece.len() {
        stream.write_all(&piece).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let received = process.peak().unwrap() - before;

    let (_, id) = answer.split_once("\"id\":\"").unwrap();
    let mut stream = TcpStream::connect(process.address).await.unwrap();
    let head = format!("GET /files/{}/a.txt HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n", &id[..36]);
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut buffer, mut read) = (vec![0; 1024 * 1024], 0);
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            length => read += length,
        }
    }
    assert!(read > size, "{read} bytes came back");
    let sent = process.peak().unwrap() - before;
    eprintln!("{before} KiB before; {received} KiB more after the upload of 1 GiB, {sent} KiB after the download");
    assert!(sent < GROWTH, "{sent} KiB");
}
