//! Handlers learn who is asking.

use axum::{Router, routing::get};
use clients::ClientIp;
use hyper::Request;
use kernel::Module;
use testkit::TestApp;

async fn client(trusted: &str) -> String {
    let pages = Router::new().route("/me", get(async |ClientIp(client): ClientIp| client.to_string()));
    let modules = vec![clients::module(), Module::new("mirror").pages(pages)];
    let app = TestApp::start_with(modules, &[("TRUSTED_PROXIES", trusted)]).await;
    let request = Request::get("/me").header("x-forwarded-for", "198.51.100.1, 203.0.113.7");
    app.send(request, String::new()).await.body
}

#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_others() {
    assert_eq!(client("").await, "127.0.0.1");
    assert_eq!(client("10.0.0.0/8").await, "127.0.0.1");
    assert_eq!(client("127.0.0.0/8").await, "203.0.113.7");
}
