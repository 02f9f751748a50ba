//! Requests to a bucket.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use axum::{
    body::{self, Body, Bytes},
    http::{Method, Request, Response, StatusCode, Uri, header},
};
use http_client::Outgoing;
use kernel::{
    AppState,
    config::{PublicUrl, Secret},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use crate::sign::{self, Signed, Signer};

/// What stands as it is in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How long a request may take until its answer begins: five megabytes over a slow line.
const LIMIT: Duration = Duration::from_mins(2);

/// How large an answer may be that is no object.
const ANSWER: usize = 1024 * 1024;

/// How often a request is sent that does no harm when it is sent twice.
const ATTEMPTS: u32 = 3;

const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone, Debug)]
pub struct Bucket {
    pub endpoint: PublicUrl,
    pub region: String,
    pub name: String,
    pub prefix: String,
    pub key_id: String,
    pub key: Secret<String>,
}

/// What a request is about.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub method: Method,
    /// An object, or the bucket where this is empty.
    pub object: &'a str,
    /// Sorted by name.
    pub query: &'a [(&'a str, &'a str)],
    pub range: Option<String>,
    pub body: Bytes,
}

impl<'a> Ask<'a> {
    pub const fn new(method: Method, object: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method, object, query, range: None, body: Bytes::new() }
    }
}

impl Bucket {
    /// Sends a request, and returns an answer that says that all is well. One that does no harm when it is sent twice is sent
    /// again where the storage has a fault.
    pub async fn ask(&self, state: &AppState, ask: &Ask<'_>) -> anyhow::Result<Response<Body>> {
        let attempts = if ask.method == Method::POST { 1 } else { ATTEMPTS };
        let mut attempt = 1;
        loop {
            let outcome = state.fetch_large("s3", LIMIT, self.request(ask)?).await;
            let is_fault = outcome.as_ref().map_or(true, |answer| answer.status().is_server_error());
            match outcome {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                _ if is_fault && attempt < attempts => sleep(PAUSE * attempt).await,
                Ok(answer) => return Err(refusal(answer).await),
                Err(failure) => return Err(failure.into()),
            }
            attempt += 1;
        }
    }

    /// Sends a request whose answer is a text.
    pub async fn ask_text(&self, state: &AppState, ask: &Ask<'_>) -> anyhow::Result<String> {
        let answer = self.ask(state, ask).await?;
        let bytes = timeout(LIMIT, body::to_bytes(answer.into_body(), ANSWER)).await??;
        let text = String::from_utf8(bytes.into()).context("the storage answers with something else than text")?;
        // An upload that cannot be completed is told so in an answer that has begun with success.
        if let Some(error) = tags(&text, "Error").first() {
            return Err(Refusal { status: StatusCode::OK, code: tags(error, "Code").concat() }.into());
        }
        Ok(text)
    }

    fn request(&self, ask: &Ask<'_>) -> anyhow::Result<Request<Bytes>> {
        // Real time: the storage has no other.
        let moment = sign::moment(OffsetDateTime::from(SystemTime::now()));
        let object = if ask.object.is_empty() { String::new() } else { format!("/{}", ask.object) };
        let path = format!("/{}{object}", self.name);
        let encode = |text| utf8_percent_encode(text, PLAIN).to_string();
        let query = ask.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let end = if query.is_empty() { String::new() } else { format!("?{query}") };
        let url: Uri = self.endpoint.join(&format!("{path}{end}")).parse()?;
        let (host, payload) = (url.authority().context("no host")?.to_string(), sign::hash(&ask.body));
        let mut headers = vec![("host", &*host)];
        headers.extend(ask.range.as_deref().map(|range| ("range", range)));
        headers.extend([("x-amz-content-sha256", &*payload), ("x-amz-date", &*moment)]);
        let content =
            Signed { method: ask.method.as_str(), path: &path, query: &query, headers: &headers, payload: &payload };
        let signer = Signer { key_id: &self.key_id, key: self.key.expose(), region: &self.region };
        let authorization = sign::authorization(&signer, &moment, &content);
        let request = Request::builder().method(&ask.method).uri(url).header(header::AUTHORIZATION, authorization);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Ok(request.body(ask.body.clone())?)
    }
}

/// What the storage says against a request.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    /// A word such as `NoSuchUpload`.
    pub code: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the storage answers {} {}", self.status, self.code)
    }
}

impl Error for Refusal {}

async fn refusal(answer: Response<Body>) -> anyhow::Error {
    let status = answer.status();
    let text = timeout(LIMIT, body::to_bytes(answer.into_body(), ANSWER)).await.ok().and_then(Result::ok);
    let text = text.and_then(|bytes| String::from_utf8(bytes.into()).ok()).unwrap_or_default();
    Refusal { status, code: tags(&text, "Code").concat() }.into()
}

/// What stands between the tags of this name in an answer. The names and ids that are asked for here have nothing in them that
/// XML would write in another way.
pub fn tags<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(&*open).skip(1).filter_map(|part| part.split_once(&*close));
    parts.map(|(value, _)| value).collect()
}
