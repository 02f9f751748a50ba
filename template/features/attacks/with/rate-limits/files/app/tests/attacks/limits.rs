//! One client that wants to pass for many.

use hyper::Method;

use crate::{
    send, start_with,
    treasure::{API, PAGE, entries},
};

#[tokio::test]
async fn no_disguise_gives_a_client_more_requests() {
    let app = start_with(&[("RATE_LIMIT_API", "1/2"), ("RATE_LIMIT_FORMS", "1/2")]).await;
    for (path, kind, body, left) in [
        (API, "application/json", "{\"entry\":\"silver\"}", 2),
        // One form has brought the gold.
        (PAGE, "application/x-www-form-urlencoded", "entry=silver", 1),
    ] {
        for _ in 0..left {
            assert_eq!(send(&app, &Method::POST, path, &[("content-type", kind)], body).await.status, 200, "{path}");
        }
        let disguises = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "127.0.0.1, 198.51.100.2"),
            ("x-forwarded-for", "unknown"),
            ("forwarded", "for=198.51.100.3"),
            ("x-real-ip", "198.51.100.4"),
            ("x-client-ip", "198.51.100.5"),
            ("x-originating-ip", "198.51.100.6"),
            ("cf-connecting-ip", "198.51.100.7"),
            ("true-client-ip", "198.51.100.8"),
            ("x-request-id", "another"),
            ("user-agent", "another"),
            ("cookie", "session=another"),
            ("x-http-method-override", "GET"),
        ];
        for disguise in disguises {
            let headers = [("content-type", kind), disguise];
            for address in [path.to_owned(), format!("{path}?other"), format!("{path}/"), path.replace('t', "%74")] {
                let refused = send(&app, &Method::POST, &address, &headers, body).await;
                assert_eq!(refused.status, 429, "{address} {disguise:?}");
                assert!(!refused.header("retry-after").is_empty(), "{address} {disguise:?}");
            }
        }
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = send(&app, &method, path, &[("content-type", kind)], body).await;
            assert_eq!(refused.status, 429, "{method} {path}");
        }
    }
    assert_eq!(entries(&app).await, ["gold", "silver", "silver", "silver"]);
}
