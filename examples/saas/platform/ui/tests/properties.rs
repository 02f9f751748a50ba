//! Whatever a browser brings as a cookie, there is a page, and the cookie never becomes a part of it but as text.

use axum::http::{HeaderValue, Request};
use proptest::prelude::*;
use testkit::TestApp;
use tokio::runtime::Runtime;

/// What follows `cookie:`, as bytes that a header may have.
fn cookies() -> impl Strategy<Value = Vec<u8>> {
    let nearly = "((flash|theme|other)=((success|info|error|loud|dark)(:|%3A)?)?[!-~ ]{0,30}(; ?)?){0,3}";
    prop_oneof![
        3 => nearly.prop_map(String::into_bytes),
        1 => prop::collection::vec(prop_oneof![32..127_u8, 128..=255_u8, Just(b'\t')], 0..60),
    ]
}

#[test]
fn no_cookie_is_too_much_for_a_page() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::start(vec![ui::module(), ui::components::module()]));
    proptest!(ProptestConfig::with_cases(128), |(cookie in cookies(), text in "zq[<>\"']{1,12}")| {
        let get = |cookie: &[u8]| {
            let request = Request::get("/").header("cookie", HeaderValue::from_bytes(cookie).unwrap());
            runtime.block_on(app.send(request, ""))
        };
        let page = get(&cookie);
        prop_assert_eq!(page.status, 200);

        let page = get(format!("flash=info:{}", text.replace('"', "%22")).as_bytes());
        prop_assert_eq!(page.status, 200);
        prop_assert!(!page.body.contains(&text), "{}", text);
    });
    runtime.block_on(async { drop(app) });
}
