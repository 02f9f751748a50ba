//! Methods that a path does not have, and methods that hide behind another one.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use serde_json::Value;

use crate::{
    operations, send, start,
    treasure::{API, PAGE, entries},
};

#[tokio::test]
async fn a_path_has_no_methods_but_its_own() {
    let app = start().await.as_user();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path, _) in operations(&app) {
        known.entry(path).or_default().insert(method.to_string());
    }
    // Only one of its methods is in the document.
    known.remove(API);
    for path in ["/", "/health/live", "/health/ready", "/api/openapi.json"] {
        known.insert(path.to_owned(), BTreeSet::from(["GET".to_owned()]));
    }
    for (path, methods) in &known {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "GETS"] {
            if methods.contains(method) {
                continue;
            }
            let verb = Method::from_bytes(method.as_bytes()).expect("a method is a word");
            let refused = send(&app, &verb, path, &[("x-secret", "hunter2")], "").await;
            assert_eq!(refused.status, 405, "{method} {path}");
            assert!(!refused.body.contains("hunter2"), "{method} {path} echoes headers");
            let allowed: BTreeSet<_> = refused.header("allow").split(',').map(str::trim).collect();
            assert!(methods.iter().all(|method| allowed.contains(method.as_str())), "{path}: {allowed:?}");
        }
    }
}

#[tokio::test]
async fn no_method_hides_behind_another() {
    let app = start().await;
    for path in [PAGE, API] {
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            for method in [Method::GET, Method::HEAD] {
                let answer =
                    send(&app, &method, &format!("{path}?_method=DELETE"), &[(name, "DELETE")], "_method=DELETE").await;
                assert_eq!(answer.status, 200, "{method} {path} {name}");
                assert!(method == Method::GET || answer.body.is_empty(), "HEAD {path} has a body");
            }
        }
    }
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-http-method-override", "DELETE")];
    assert_eq!(send(&app, &Method::POST, PAGE, &headers, "entry=silver&_method=DELETE").await.status, 200);
    assert_eq!(entries(&app).await, ["gold", "silver"]);
    let shown: Value = app.get(API).await.json();
    assert_eq!(shown.as_array().map(Vec::len), Some(2));
}
