//! Files that are not what they say, and names that are more than names.

use testkit::Multipart;

use crate::{NOTHING, PNG, start, text, traces, upload, uploaded};

#[tokio::test]
async fn a_name_leads_nowhere() {
    let files = start().await;
    for (name, kept) in [
        ("../../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("C:\\Users\\ann\\a.txt", "a.txt"),
        ("/etc/a.txt", "a.txt"),
        ("a\0.txt", "a.txt"),
        ("a\r\nset-cookie: a=b.txt", "aset-cookie: a=b.txt"),
        ("photo\u{202e}txt.txt", "phototxt.txt"),
        ("..", "file.txt"),
        ("two bottles", "two bottles.txt"),
    ] {
        let file = uploaded(&files, name, b"two bottles").await;
        assert_eq!(text(&file, "name"), kept, "{name:?}");
    }
    let long = uploaded(&files, &format!("{}.txt", "x".repeat(300)), b"two bottles").await;
    assert!(text(&long, "name").len() <= 200 && text(&long, "name").ends_with("x.txt"));
    // All are where files belong: in folders of two digits.
    let folder = files.folder.path().join("files");
    let entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(entries.iter().all(|name| name == "tmp" || name.len() == 2), "{entries:?}");
    assert_eq!(traces(&files).await.3, 10);
}

#[tokio::test]
async fn a_file_is_what_it_says_and_nothing_that_runs() {
    let files = start().await;
    let html: &[u8] = b"<!doctype html><script>alert(1)</script>";
    for (name, content) in [
        ("a.html", html),
        ("a.png", html),
        ("a.txt", html),
        ("a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("a.txt", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("a.txt", b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>"),
        ("a.html", PNG),
        ("a.png.exe", PNG),
        ("a.jpg", PNG),
        ("a.exe", b"MZ\x90\x00\x03"),
        ("a.txt", b"MZ\x90\x00\x03"),
        ("a", b"\x7fELF\x02\x01\x01\x00"),
        ("a.txt", b"#!/bin/sh\nrm -rf /"),
        ("a.js", b"alert(1)"),
        ("a.jar", b"PK\x03\x04...."),
        ("a.txt", b"GIF89a=1;alert(1)"),
    ] {
        let refused = upload(&files, name, content).await;
        assert_eq!(refused.status, 415, "{name}: {}", refused.body);
        let form = Multipart::new().file("file", name, "image/png", content);
        assert_eq!(files.post_multipart("/files/upload", form).await.status, 415, "{name}");
    }
    assert_eq!(traces(&files).await, NOTHING);
}

/// What a client says about the kind counts for nothing.
#[tokio::test]
async fn the_content_decides() {
    let files = start().await;
    let form = Multipart::new().file("file", "photo.png", "text/html", PNG);
    assert_eq!(files.post_multipart("/files/upload", form).await.status, 303);
    let served = files.get("/api/v1/files").await.body;
    assert!(served.contains("\"kind\":\"image/png\""), "{served}");
}
