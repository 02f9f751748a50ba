//! Hands requests on to the build that runs, and gives its pages the script that reloads them and shows broken builds.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    Router,
    body::{self, Body},
    extract::{RawQuery, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hyper::{client::conn::http1, upgrade};
use hyper_util::rt::TokioIo;
use tokio::{io, net::TcpStream, sync::watch};

const SCRIPT: &str = include_str!("reload.js");

/// Pages above this size are an accident.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;

/// The build that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub address: SocketAddr,
    pub build: u128,
}

/// Why there is no newer build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    pub id: u128,
    pub text: String,
}

/// Where the development stands.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    pub target: Option<Target>,
    pub failure: Option<Failure>,
}

impl Progress {
    /// Changes with all that a page must learn of.
    fn id(&self) -> Option<u128> {
        self.failure.as_ref().map(|failure| failure.id).or_else(|| self.target.map(|target| target.build))
    }
}

type Watched = watch::Receiver<Progress>;

pub fn router(progress: Watched) -> Router {
    Router::new()
        .route("/dev/reload", get(reload))
        .route("/dev/reload.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)))
        .fallback(forward)
        .with_state(progress)
}

/// Keeps a page waiting that knows of one build or failure, and sends an event when there is another.
async fn reload(State(mut progress): State<Watched>, RawQuery(known): RawQuery) -> Response {
    let is_news = |progress: &Progress| progress.id().is_some_and(|id| Some(id.to_string()) != known);
    let Ok(event) = progress.wait_for(is_news).await.map(|progress| event(progress.failure.as_ref())) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], event).into_response()
}

fn event(failure: Option<&Failure>) -> String {
    let Some(Failure { id, text }) = failure else { return "data: reload\n\n".to_owned() };
    format!("event: failure\nid: {id}\ndata: {}\n\n", text.trim_end().replace('\n', "\ndata: "))
}

/// Requests wait while there is no build that could answer them, unless it has failed.
async fn forward(State(mut progress): State<Watched>, request: Request) -> Response {
    let Ok(progress) = progress.wait_for(|progress| progress.id().is_some()).await.map(|progress| progress.clone())
    else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let target = match progress {
        Progress { target: Some(target), .. } => target,
        Progress { target: None, failure } => return page(&failure.unwrap_or_default()).into_response(),
    };
    let answer = async { with_script(exchange(target.address, request).await?, target.build).await };
    answer.await.unwrap_or_else(|error: anyhow::Error| {
        (StatusCode::BAD_GATEWAY, format!("{error:#}. The terminal may say why.\n")).into_response()
    })
}

async fn exchange(address: SocketAddr, mut request: Request) -> anyhow::Result<Response> {
    // The script could not be put into a compressed page.
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    let browser = upgrade::on(&mut request);
    let stream = TcpStream::connect(address).await.context("the application does not answer")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let mut response = sender.send_request(request).await.context("the application has not answered")?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let application = upgrade::on(&mut response);
        tokio::spawn(async {
            let (browser, application) = (browser.await?, application.await?);
            io::copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(application)).await?;
            anyhow::Ok(())
        });
    }
    Ok(response.map(Body::new))
}

async fn with_script(response: Response, build: u128) -> anyhow::Result<Response> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return Ok(response);
    }
    let (mut head, content) = response.into_parts();
    let content = body::to_bytes(content, PAGE_LIMIT).await.context("the application has broken off its answer")?;
    let page = String::from_utf8_lossy(&content);
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, page.replacen("</head>", &format!("{}\n</head>", script(build)), 1).into()))
}

fn script(known: u128) -> String {
    format!("<script src=\"/dev/reload.js?{known}\" async></script>")
}

/// What a browser sees while there is no build at all.
fn page(failure: &Failure) -> (StatusCode, Html<String>) {
    let text = failure.text.replace('&', "&amp;").replace('<', "&lt;");
    let head = format!("<meta charset=\"utf-8\"><title>The build has failed</title>{}", script(failure.id));
    let page = format!("<!doctype html><html lang=\"en\"><head>{head}</head><body><pre>{text}</pre></body></html>\n");
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page))
}

#[cfg(test)]
mod tests;
