//! A storage with faults: what is asked of it is written down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use kernel::Config;
use s3::PART;
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{content, modules, rows, start, upload, used};

#[derive(Clone)]
struct Faulty {
    /// What fails: a request that has all of these words in its method, path and query.
    fault: &'static [&'static str],
    /// How often, if not always.
    times: Arc<Mutex<usize>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Faulty {
    /// Writes down what was asked, and returns all that was.
    fn note(&self, line: String) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(line);
        asked.clone()
    }

    fn strikes(&self, line: &str) -> bool {
        let mut times = self.times.lock().unwrap();
        let is_fault = *times > 0 && self.fault.iter().all(|word| line.contains(word));
        *times -= usize::from(is_fault);
        is_fault
    }
}

struct Running {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Running {
    async fn start(fault: &'static [&'static str], times: usize) -> Self {
        let faulty = Faulty { fault, times: Arc::new(Mutex::new(times)), asked: Arc::default() };
        let asked = Arc::clone(&faulty.asked);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(faulty);
        let task = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { url, asked, task }
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let own = [("S3_BUCKET", "files"), ("S3_ACCESS_KEY_ID", "test"), ("S3_SECRET_ACCESS_KEY", "secret")];
        [&own[..], &[("S3_ENDPOINT", &self.url)]].concat()
    }

    /// How often something was asked that contains all of this.
    fn count(&self, words: &[&str]) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Has one upload at all times, until somebody aborts it.
async fn answer(State(faulty): State<Faulty>, method: Method, uri: Uri, body: Bytes) -> Response {
    let line = format!("{method} {} {}", uri.path(), uri.query().unwrap_or_default());
    let object = uri.path().trim_start_matches("/files/").to_owned();
    let is_fault = faulty.strikes(&line);
    let asked = faulty.note(if is_fault { format!("{line} failed") } else { line });
    let aborted = asked.iter().any(|line| line.starts_with("DELETE") && line.contains("uploadId=7"));
    let begun = asked.iter().find(|line| line.starts_with("POST") && line.ends_with("uploads=")).filter(|_| !aborted);
    let begun = begun.and_then(|line| line.split(' ').nth(1)).map(|path| path.replace("/files/", ""));
    let has_upload = uri.query().is_some_and(|query| query.contains("uploadId"));
    match method {
        // It begins to answer with success before it knows.
        Method::POST if is_fault && has_upload => "<Error><Code>InternalError</Code></Error>".into_response(),
        _ if is_fault => {
            (StatusCode::INTERNAL_SERVER_ERROR, "<Error><Code>InternalError</Code></Error>").into_response()
        }
        Method::POST if has_upload => "<CompleteMultipartUploadResult/>".into_response(),
        Method::POST => format!("<Result><Key>{object}</Key><UploadId>7</UploadId></Result>").into_response(),
        Method::GET => {
            let upload = |object| format!("<Upload><Key>{object}</Key><UploadId>7</UploadId></Upload>");
            format!("<Result>{}</Result>", begun.map_or_else(String::new, upload)).into_response()
        }
        Method::PUT => ([("etag", format!("\"{}\"", body.len()))], "").into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

#[tokio::test]
async fn scenario_19_a_storage_that_fails_leaves_nothing() {
    let whole: &[&str] = &["PUT"];
    for (fault, length, aborted) in [
        (whole, 100, 0),
        (&["POST", "uploads="], 3 * PART, 0),
        (&["PUT", "partNumber=1&"], 3 * PART, 1),
        (&["PUT", "partNumber=2&"], 3 * PART, 1),
        (&["PUT", "partNumber=3&"], 3 * PART, 1),
        (&["POST", "uploadId"], 3 * PART, 1),
    ] {
        let storage = Running::start(fault, usize::MAX).await;
        let app = start(&storage.variables()).await;
        assert_eq!(upload(&app, content(length)).await.status, 500, "{fault:?}");
        assert_eq!((rows(&app).await, used(&app).await), (0, 0), "{fault:?}");
        assert_eq!(storage.count(&["DELETE", "uploadId=7"]), aborted, "{fault:?}");
    }
}

#[tokio::test]
async fn a_part_that_fails_once_is_sent_again() {
    let storage = Running::start(&["PUT", "partNumber=1&"], 1).await;
    let app = start(&storage.variables()).await;
    assert_eq!(upload(&app, content(PART + 1)).await.status, 201);
    assert_eq!((storage.count(&["PUT", "partNumber=1&"]), storage.count(&["PUT", "partNumber=2&"])), (2, 1));
    assert_eq!((rows(&app).await, storage.count(&["DELETE"])), (1, 0));
}

#[test]
fn production_needs_all_of_it() {
    let variables = |more: &[(&str, &str)]| {
        let own = [
            ("APP_ENV", "production"),
            ("DATABASE_URL", "nothing"),
            ("PUBLIC_URL", "https://app.test"),
            ("APP_SECRET", "the secret of a test, which everybody may know"),
        ];
        own.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<HashMap<_, _>>()
    };
    let wrong = |more: &[(&str, &str)]| Config::from_variables(&variables(more), &modules()).unwrap_err().to_string();
    assert!(wrong(&[]).contains("S3_ENDPOINT is missing"));
    let said = wrong(&[("S3_ENDPOINT", "https://s3.example.com")]);
    for key in ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] {
        assert!(said.contains(&format!("{key} is missing")), "{said}");
    }
    for wrong_name in ["a b", "../other", "/files", "a?b"] {
        let said = wrong(&[("S3_ENDPOINT", "https://s3.example.com"), ("S3_BUCKET", wrong_name)]);
        assert!(said.contains("S3_BUCKET is malformed"), "{wrong_name}: {said}");
    }
}
