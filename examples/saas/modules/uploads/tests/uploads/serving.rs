use std::time::Duration;

use hyper::{Method, Request};
use serde_json::Value;
use testkit::{Response, TestApp};

use crate::{PNG, content_of, start, start_with_people, text, uploaded};

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    app.send(request, "").await
}

#[tokio::test]
async fn nothing_in_a_file_runs() {
    let files = start().await;
    let hostile = "two bottles <script>alert(1)</script>";
    for (name, content, kind, shown) in [
        ("a.txt", hostile.as_bytes(), "text/plain; charset=utf-8", "attachment"),
        ("a.png", PNG, "image/png", "inline"),
        ("a.pdf", b"%PDF-1.7 /JS (app.alert(1))", "application/pdf", "attachment"),
        ("a.gif", b"GIF89a=1;/*<script>alert(1)</script>*/", "image/gif", "inline"),
    ] {
        let file = uploaded(&files, name, content).await;
        let served = files.get(&content_of(&file)).await;
        assert_eq!((served.status.as_u16(), &*served.bytes), (200, content), "{name}");
        assert_eq!(served.header("content-type"), kind);
        assert_eq!(served.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        assert_eq!(served.header("cross-origin-resource-policy"), "same-origin");
        assert!(served.header("content-disposition").starts_with(&format!("{shown}; filename=\"{name}\"")));
        assert_eq!(served.headers.get_all("content-security-policy").iter().count(), 1);
    }
}

#[tokio::test]
async fn the_path_may_call_a_file_as_it_likes() {
    let files = start().await;
    let file = uploaded(&files, "a.txt", b"two bottles").await;
    let served = files.get(&format!("/files/{}/evil.html", text(&file, "id"))).await;
    assert_eq!(served.header("content-type"), "text/plain; charset=utf-8");
    assert!(served.header("content-disposition").contains("\"a.txt\""));
}

#[tokio::test]
async fn parts_of_a_file_can_be_read() {
    let files = start().await;
    let content: Vec<u8> = (0..200_000_u32).map(|number| b'a' + u8::try_from(number % 23).unwrap()).collect();
    let file = uploaded(&files, "a.txt", &content).await;
    let (path, tag) = (content_of(&file), format!("\"{}\"", text(&file, "sha256")));
    let whole = get(&files, &path, &[("accept-encoding", "gzip")]).await;
    assert_eq!((whole.status.as_u16(), whole.header("etag"), whole.header("accept-ranges")), (200, &*tag, "bytes"));
    assert_eq!((whole.header("content-encoding"), whole.header("content-length")), ("", "200000"));
    assert_eq!(whole.bytes, content);

    for (range, part) in [("bytes=0-0", 0..1), ("bytes=70000-140000", 70_000..140_001), ("bytes=-5", 199_995..200_000)]
    {
        let served = get(&files, &path, &[("range", range), ("accept-encoding", "gzip")]).await;
        assert_eq!(served.status, 206, "{range}");
        assert_eq!(served.bytes, content[part.clone()], "{range}");
        assert_eq!(served.header("content-range"), format!("bytes {}-{}/200000", part.start, part.end - 1));
    }
    let refused = get(&files, &path, &[("range", "bytes=200000-")]).await;
    assert_eq!((refused.status.as_u16(), refused.header("content-range")), (416, "bytes */200000"));

    let range = ("range", "bytes=0-0");
    assert_eq!(get(&files, &path, &[range, ("if-range", &tag)]).await.status, 206);
    for other in ["\"other\"", &format!("W/{tag}"), "Tue, 13 Jan 2026 08:00:00 GMT"] {
        assert_eq!(get(&files, &path, &[range, ("if-range", other)]).await.status, 200, "{other}");
    }
    // Many ranges at once would have the file sent many times: it is sent once.
    let bomb = format!("bytes={}", vec!["0-"; 1000].join(","));
    assert_eq!(get(&files, &path, &[("range", &bomb)]).await.bytes.len(), content.len());

    let known = get(&files, &path, &[("if-none-match", &format!("\"x\", W/{tag}"))]).await;
    assert_eq!((known.status.as_u16(), known.bytes.len(), known.header("etag")), (304, 0, &*tag));
    let head = files.send(Request::builder().method(Method::HEAD).uri(&path), "").await;
    assert_eq!((head.status.as_u16(), head.header("content-length"), head.bytes.len()), (200, "200000", 0));
}

#[tokio::test]
async fn caches_keep_nothing_for_others() {
    let files = start_with_people(&[]).await;
    let ann = files.as_user();
    let file = uploaded(&ann, "a.txt", b"two bottles").await;
    assert_eq!(ann.get(&content_of(&file)).await.header("cache-control"), "private, no-cache, no-transform");
    assert_eq!(files.get(&content_of(&file)).await.header("cache-control"), "no-store");
}

/// A link through the API, as a path.
async fn link(app: &TestApp, file: &Value, minutes: u32) -> String {
    let path = format!("/api/v1/files/{}/links?minutes={minutes}", text(file, "id"));
    let made = app.send(Request::post(path), "").await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made: Value = made.json();
    text(&made, "url").strip_prefix("https://app.test").expect("it begins with PUBLIC_URL").to_owned()
}

#[tokio::test]
async fn a_link_lets_others_read_a_file_for_a_while() {
    let files = start_with_people(&[]).await;
    files.clock().set(files.clock().now());
    let (ann, bob) = (files.as_user(), files.as_user());
    let file = uploaded(&ann, "Rechnung Müller.pdf", b"%PDF-1.7").await;
    let url = link(&ann, &file, 15).await;
    assert_eq!(url, link(&ann, &file, 15).await, "links that are made together are the same");
    for reader in [&files.app, &bob] {
        let served = reader.get(&url).await;
        assert_eq!((served.status.as_u16(), &*served.bytes), (200, &b"%PDF-1.7"[..]));
        assert!(served.header("cache-control").starts_with("private, max-age="), "{}", served.header("cache-control"));
        assert_eq!(served.header("referrer-policy"), "no-referrer");
    }
    files.clock().advance(Duration::from_mins(15));
    // Up to five minutes more.
    files.clock().advance(Duration::from_mins(5));
    assert_eq!(files.get(&url).await.status, 410);
    assert_eq!(ann.get(&url).await.status, 410, "who has a link uses that");

    let url = link(&ann, &file, 10_080).await;
    files.clock().advance(Duration::from_hours(24 * 6));
    assert_eq!(files.get(&url).await.status, 200);
    ann.delete(&format!("/api/v1/files/{}", text(&file, "id"))).await;
    assert_eq!(files.get(&url).await.status, 404, "it ends with the file");

    let file = uploaded(&ann, "a.txt", b"two bottles").await;
    for minutes in ["0", "10081", "-1", "1.5", "99999999999", "x"] {
        let path = format!("/api/v1/files/{}/links?minutes={minutes}", text(&file, "id"));
        assert_eq!(ann.send(Request::post(path), "").await.status, 400, "{minutes}");
    }
}

#[tokio::test]
async fn a_link_is_good_for_nothing_else() {
    let files = start_with_people(&[]).await;
    let ann = files.as_user();
    let (file, other) = (uploaded(&ann, "a.txt", b"two bottles").await, uploaded(&ann, "b.txt", b"three").await);
    let url = link(&ann, &file, 15).await;
    let (path, query) = url.split_once('?').unwrap();
    let (end, signature) = query.strip_prefix("e=").unwrap().split_once("&s=").unwrap();
    let later = end.parse::<i64>().unwrap() + 300;
    for (forged, status) in [
        (format!("{}?{query}", content_of(&other)), 404),
        (format!("{path}?e={later}&s={signature}"), 404),
        (format!("{path}?e={end}&s={signature}A"), 404),
        (format!("{path}?e={end}&s="), 404),
        (format!("{path}?e=-1&s={signature}"), 404),
        (format!("{path}?e=99999999999999999999&s={signature}"), 400),
        (format!("{path}?s={signature}"), 401),
        (format!("{path}?e={end}"), 401),
        (format!("/files/{}?{query}", text(&file, "id")), 401),
        (format!("/api/v1/files/{}?{query}", text(&file, "id")), 401),
    ] {
        assert_eq!(files.get(&forged).await.status, status, "{forged}");
    }
    let old = start_with_people(&[("APP_SECRET", "another secret that is long enough for this")]).await;
    assert_eq!(old.get(&url).await.status, 404);
}
