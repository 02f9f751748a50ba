//! Origins that look like the one that may use the API.

use hyper::Method;

use crate::{
    send, start_with,
    treasure::{API, PAGE, entries},
};

const FRIEND: &str = "https://app.example.com";

#[tokio::test]
async fn no_other_origin_passes_for_a_friend() {
    let app = start_with(&[("CORS_ORIGINS", FRIEND), ("CORS_CREDENTIALS", "true")]).await;
    for origin in [
        "https://app.example.com.evil.example",
        "https://evil.example/https://app.example.com",
        "https://app.example.com@evil.example",
        "https://app.example.com:444",
        "https://evilapp.example.com",
        "https://app.example.com, https://evil.example",
        "https://APP.example.com",
        "http://app.example.com",
        "https://example.com",
        "null",
        "*",
    ] {
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
        let refused = send(&app, &Method::POST, API, &headers, "{\"entry\":\"lead\"}").await;
        assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (403, ""), "{origin}");
        let read = send(&app, &Method::GET, API, &headers, "").await;
        assert_eq!((read.status.as_u16(), read.header("access-control-allow-origin")), (200, ""), "{origin}");
        assert!(read.header("vary").contains("origin"), "a cache would give the answer of one origin to another");

        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let preflight = send(&app, &Method::OPTIONS, API, &headers, "").await;
        assert_eq!(preflight.header("access-control-allow-origin"), "", "{origin}");
    }
    assert_eq!(entries(&app).await, ["gold"]);
}

/// Who may use the API may not send forms.
#[tokio::test]
async fn a_friend_of_the_api_is_none_of_the_pages() {
    let app = start_with(&[("CORS_ORIGINS", FRIEND), ("CORS_CREDENTIALS", "true")]).await;
    let headers = [("origin", FRIEND), ("content-type", "application/x-www-form-urlencoded")];
    let refused = send(&app, &Method::POST, PAGE, &headers, "entry=lead").await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (403, ""));
    let read = send(&app, &Method::GET, PAGE, &headers, "").await;
    assert_eq!((read.status.as_u16(), read.header("access-control-allow-origin")), (200, ""));
    assert_eq!(entries(&app).await, ["gold"]);
}
