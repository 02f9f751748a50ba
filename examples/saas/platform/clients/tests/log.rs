//! What the log says of clients.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::{
    extract,
    http::StatusCode,
    middleware::{self, Next},
    routing::get,
};
use hyper::Request;
use kernel::{Layer, Module, Policy, Routes, Stage};
use testkit::TestApp;
use tracing_subscriber::fmt;

/// What is logged on the thread of a test, on which its application runs, too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines_with(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

async fn log_of(refuse: Option<(Stage, Layer)>, variables: &[(&str, &str)]) -> (Log, StatusCode) {
    let log = Log::default();
    let writer = log.clone();
    let _logging =
        tracing::subscriber::set_default(fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish());
    let pages = Routes::new().route("/page", get(async || "done"));
    let module = Module::new("things").pages(Policy::PUBLIC, pages);
    let module = refuse.into_iter().fold(module, |module, (stage, layer)| module.layer(stage, layer));
    let app = TestApp::start_with(vec![module, clients::module()], variables).await;
    let mut status = StatusCode::OK;
    for _ in 0..3 {
        let request = Request::get("/page").header("x-forwarded-for", "203.0.113.7").header("x-request-id", "theirs");
        status = app.send(request, String::new()).await.status;
    }
    (log, status)
}

#[tokio::test]
async fn whoever_is_refused_is_named() {
    let refuse: Layer = |router, _, _| {
        router.layer(middleware::from_fn(async |_: extract::Request, _: Next| StatusCode::TOO_MANY_REQUESTS))
    };
    for stage in [Stage::Visitor, Stage::Limit, Stage::Content] {
        let (log, status) = log_of(Some((stage, refuse)), &[("TRUSTED_PROXIES", "127.0.0.1")]).await;
        assert_eq!(status, 429);
        let lines = log.lines_with("answered");
        assert_eq!(lines.len(), 3, "{stage:?}: {lines:?}");
        assert!(lines.iter().all(|line| line.contains(r#""client":"203.0.113.7""#)), "{stage:?}: {lines:?}");
    }
}

#[tokio::test]
async fn ids_are_taken_from_trusted_proxies_only() {
    let (log, _) = log_of(None, &[("TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    assert_eq!(log.lines_with(r#""id":"theirs""#).len(), 0);
    let (log, _) = log_of(None, &[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    assert_eq!(log.lines_with(r#""id":"theirs""#).len(), 3);
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_pointed_out_once() {
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "http://127.0.0.1")];
    let untrusted = "is not in TRUSTED_PROXIES";
    let (log, _) = log_of(None, &[&production[..], &[("TRUSTED_PROXIES", "127.0.0.1")]].concat()).await;
    assert_eq!(log.lines_with(untrusted).len(), 0);
    let (log, _) = log_of(None, &production).await;
    assert_eq!(log.lines_with(untrusted).len(), 1);
}
