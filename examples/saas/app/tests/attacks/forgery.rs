//! Requests that a page of another site makes the browser of a visitor send.

use hyper::Method;

use crate::{
    send, start,
    treasure::{API, PAGE, entries},
};

#[tokio::test]
async fn another_site_changes_nothing() {
    let app = start().await;
    let host = app.address.to_string();
    let own = format!("http://{host}");
    let origins = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        "http://127.0.0.1".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        format!("http://{host}.evil.example"),
        format!("http://{host}@evil.example"),
        format!("http://evil.example/{host}"),
        format!("http://evil.example?{host}"),
        format!("ftp://{host}"),
    ];
    let mut forged: Vec<Vec<(&str, &str)>> = origins.iter().map(|origin| vec![("origin", origin.as_str())]).collect();
    forged.extend([
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "Same-Origin")],
        vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
        vec![("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")],
        vec![("origin", "https://evil.example"), ("x-http-method-override", "GET")],
    ]);
    for headers in &forged {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for (path, kind, error) in [
                (PAGE, "application/x-www-form-urlencoded", "text/html"),
                (API, "application/json", "application/problem"),
            ] {
                let headers = [headers.as_slice(), &[("content-type", kind)]].concat();
                let body = if path == API { "{\"entry\":\"lead\"}" } else { "entry=lead" };
                let refused = send(&app, &method, path, &headers, body).await;
                assert_eq!(refused.status, 403, "{method} {path} {headers:?}");
                assert!(refused.header("content-type").starts_with(error), "{method} {path} {headers:?}");
            }
        }
    }
    assert_eq!(entries(&app).await, ["gold"]);

    let headers = [("origin", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(send(&app, &Method::POST, PAGE, &headers, "entry=silver").await.status, 200);
    assert_eq!(entries(&app).await, ["gold", "silver"]);
}

/// A form can be sent without asking first; JSON cannot. So what a form can send must not be taken for JSON.
#[tokio::test]
async fn a_form_cannot_pass_for_json() {
    let app = start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let headers = [("content-type", kind)];
        let refused = send(&app, &Method::POST, API, &headers, "{\"entry\":\"lead\"}").await;
        assert_eq!(refused.status, 415, "{kind:?}");
    }
    assert_eq!(entries(&app).await, ["gold"]);
}
