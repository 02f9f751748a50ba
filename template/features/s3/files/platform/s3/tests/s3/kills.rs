//! Processes that die while files go to the storage, and the memory that they need.

use std::time::Duration;

use kernel::Job;
use s3::PART;
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uploads::Clean;

use crate::{
    begin, content, modules,
    process::{Process, serve},
    rows, server, start, stored, used, wait_until,
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

fn process_for(app: &TestApp, storage: &server::Storage, more: &[(&str, &str)]) -> Process {
    let own = [("DATABASE_URL", app.database_url()), SECRET];
    Process::start("kills::process", &[&own, &storage.variables()[..], more].concat())
}

#[tokio::test]
async fn scenario_19_a_process_that_is_killed_leaves_nothing_for_long() {
    let Some(storage) = server::Storage::start() else { return };
    let app = start(&storage.variables()).await;
    let mut process = process_for(&app, &storage, &[]);
    let _connection = begin(process.address, 3 * PART, &content(PART + 1)).await;
    wait_until(async || !stored(&app).await.is_empty()).await;
    process.kill();
    assert_eq!((rows(&app).await, used(&app).await), (1, i64::try_from(3 * PART).unwrap()));
    app.clock().advance(Duration::from_mins(121));
    Clean {}.run(app.application.state.clone()).await.unwrap();
    assert_eq!((rows(&app).await, used(&app).await, stored(&app).await.len()), (0, 0, 0));
}

/// `cargo test --release -p s3 -- --ignored a_gigabyte --nocapture` tells the figures.
#[tokio::test]
#[ignore = "takes a while, and a gigabyte of the disk"]
async fn a_gigabyte_passes_through_little_memory() {
    let Some(storage) = server::Storage::start() else { return };
    let app = start(&storage.variables()).await;
    let size: usize = 1024 * 1024 * 1024;
    let (limit, quota) = (size.to_string(), (2 * size).to_string());
    let process = process_for(&app, &storage, &[("UPLOAD_MAX_BYTES", &limit), ("UPLOAD_QUOTA_BYTES", &quota)]);
    // What is there once, with the first request, is no growth.
    begin(process.address, 1, b"x").await;
    wait_until(async || rows(&app).await == 1).await;
    let Some(before) = process.peak() else { return };

    let mut stream = begin(process.address, size, b"").await;
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
