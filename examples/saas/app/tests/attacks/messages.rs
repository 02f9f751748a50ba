//! Headers within headers, and requests within requests.

use hyper::Method;

use crate::{
    operations, send, send_raw, start, status,
    treasure::{PAGE, entries},
};

/// Addresses with a header in them.
pub fn injections(path: &str) -> Vec<String> {
    let line_ends = ["%0d%0a", "%0a", "%0d", "%E5%98%8D%E5%98%8A", "%c4%8d%c4%8a"].iter();
    let places = ["?next=", "?sort=", "/"];
    line_ends.flat_map(|end| places.map(|place| format!("{path}{place}{end}injected:%20yes"))).collect()
}

#[tokio::test]
async fn an_address_cannot_add_headers() {
    let app = start().await.as_user();
    let mut paths = vec!["/".to_owned(), PAGE.to_owned(), "/nothing".to_owned(), "/api/openapi.json".to_owned()];
    paths.extend(operations(&app).into_iter().map(|(_, path, _)| path));
    for path in paths {
        for address in injections(&path) {
            let answer = send(&app, &Method::GET, &address, &[], "").await;
            assert_eq!(answer.header("injected"), "", "{address}");
            assert!(answer.status.is_success() || answer.status.is_client_error(), "{address}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_malformed_head_is_refused() {
    let app = start().await;
    for head in [
        "GET / HTTP/1.1\r\nhost: test\r\nx-request-id: one\r\n two\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: test\r\nx-request-id : one\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: test\r\nx-request-id: \u{1b}[31m\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: test\r\nx-request-id: one\rinjected: yes\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: test\r\nx-request-id: one\0two\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nhost: test\r\n\r\n",
        "GET / HTTP/1.1 \r\nhost: test\r\n\r\n",
        "GET / / HTTP/1.1\r\nhost: test\r\n\r\n",
    ] {
        let answer = send_raw(&app, head).await;
        assert_eq!(status(&answer), "400", "{head:?}: {answer}");
    }
}

/// Where two programs on the way do not agree on where a request ends, the rest passes for a request of somebody else.
#[tokio::test]
async fn a_request_ends_where_everybody_says_it_ends() {
    let app = start().await;
    let hidden = format!("DELETE {PAGE} HTTP/1.1\r\nhost: test\r\n\r\n");
    let length = format!("content-length: {}\r\n", 5 + hidden.len());
    let (first_length, last_length) =
        (format!("{length}transfer-encoding: chunked\r\n"), format!("transfer-encoding: chunked\r\n{length}"));
    for (headers, body, expected) in [
        ("content-length: 0\r\ncontent-length: 9\r\n", "", "400"),
        ("content-length: +0\r\n", "", "400"),
        ("content-length: -1\r\n", "", "400"),
        ("content-length: 0, 9\r\n", "", "400"),
        ("transfer-encoding: gzip\r\n", "", "400"),
        ("transfer-encoding: chunked, identity\r\n", "", "400"),
        ("transfer-encoding : chunked\r\n", "", "400"),
        (first_length.as_str(), "0\r\n\r\n", "422"),
        (last_length.as_str(), "0\r\n\r\n", "422"),
    ] {
        let kind = "content-type: application/x-www-form-urlencoded";
        let answer =
            send_raw(&app, &format!("POST {PAGE} HTTP/1.1\r\nhost: test\r\n{kind}\r\n{headers}\r\n{body}{hidden}"))
                .await;
        assert_eq!(status(&answer), expected, "{headers:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers:?}: {answer}");
        assert_eq!(entries(&app).await, ["gold"], "{headers:?}");
    }
}
