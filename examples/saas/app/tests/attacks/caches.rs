//! Answers that a cache on the way would keep, and give to others.

use hyper::{HeaderMap, Method};
use testkit::{Response, TestApp};

use crate::{send, send_raw, start, treasure::PAGE};

/// What caches do not take for a part of the question.
const UNKEYED: [(&str, &str); 12] = [
    ("forwarded", "host=evil.example;proto=http"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "666"),
    ("x-forwarded-prefix", "/evil.example"),
    ("x-forwarded-proto", "evil.example"),
    ("x-forwarded-scheme", "nothttps"),
    ("x-forwarded-server", "evil.example"),
    ("x-host", "evil.example"),
    ("x-original-url", PAGE),
    ("x-rewrite-url", PAGE),
    ("x-http-method-override", "POST"),
    ("referer", "https://evil.example/"),
];

/// The answer without what differs from one request to the next.
fn lasting(response: &Response) -> (u16, HeaderMap, String) {
    let mut headers = response.headers.clone();
    let id = headers.remove("x-request-id").and_then(|id| id.to_str().map(str::to_owned).ok()).unwrap_or_default();
    for name in ["date", "ratelimit"] {
        headers.remove(name);
    }
    (response.status.as_u16(), headers, response.body.replace(&id, ""))
}

async fn addresses(app: &TestApp) -> Vec<String> {
    let home = app.get("/").await.body;
    let is_address = |part: &&str| part.starts_with('/') && !part.contains(['>', ' ']);
    let mut addresses: Vec<_> = home.split('"').filter(is_address).map(str::to_owned).collect();
    addresses.extend(["/", PAGE, "/nothing", "/api/nothing", "/api/openapi.json", "/health/live"].map(str::to_owned));
    addresses
}

#[tokio::test]
async fn no_header_changes_an_answer_behind_the_back_of_a_cache() {
    let app = start().await;
    for address in addresses(&app).await {
        let plain = lasting(&app.get(&address).await);
        for header in UNKEYED {
            let poisoned = lasting(&send(&app, &Method::GET, &address, &[header], "").await);
            assert_eq!(poisoned, plain, "{address} with {header:?}");
        }
    }
}

#[tokio::test]
async fn the_name_of_the_host_does_not_get_into_answers() {
    let app = start().await;
    for address in addresses(&app).await {
        let request = format!("GET {address} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        let answer = send_raw(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains("evil.example"), "{address}: {answer}");
    }
}

#[tokio::test]
async fn what_is_refused_or_of_another_release_is_not_kept() {
    let app = start().await;
    let asset =
        addresses(&app).await.into_iter().find(|address| address.starts_with("/assets/")).expect("there is an asset");
    for (method, address, site, expected) in [
        (Method::GET, "/assets/app-0000000000000000.css", "none", 404),
        (Method::GET, "/assets/app-00000000000000000000000000000000.css", "none", 200),
        (Method::GET, "/treasure/gold/style.css", "none", 404),
        (Method::POST, asset.as_str(), "same-origin", 405),
        (Method::POST, asset.as_str(), "cross-site", 403),
        (Method::GET, "/api/nothing", "cross-site", 404),
    ] {
        let refused = send(&app, &method, address, &[("sec-fetch-site", site)], "").await;
        assert_eq!(refused.status, expected, "{method} {address}");
        assert!(!refused.header("cache-control").contains("public"), "{method} {address}");
        assert!(!refused.header("cache-control").contains("max-age"), "{method} {address}");
    }
}
