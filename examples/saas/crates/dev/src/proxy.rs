//! Hands requests on to the build that runs, and gives its pages the script that reloads them.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    Router,
    body::{self, Body},
    extract::{RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
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

type Targets = watch::Receiver<Option<Target>>;

pub fn router(targets: Targets) -> Router {
    Router::new()
        .route("/dev/reload", get(reload))
        .route("/dev/reload.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)))
        .fallback(forward)
        .with_state(targets)
}

/// Keeps the page of one build waiting, and sends an event when there is another build.
async fn reload(State(mut targets): State<Targets>, RawQuery(build): RawQuery) -> Response {
    let is_other = |target: &Option<Target>| target.is_some_and(|target| Some(target.build.to_string()) != build);
    match targets.wait_for(is_other).await {
        Ok(_) => ([(header::CONTENT_TYPE, "text/event-stream")], "data: reload\n\n").into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Requests wait while there is no build that could answer them.
async fn forward(State(mut targets): State<Targets>, request: Request) -> Response {
    let Ok(Some(target)) = targets.wait_for(Option::is_some).await.map(|target| *target) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
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
    let script = format!("<script src=\"/dev/reload.js?{build}\" async></script>\n</head>");
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, page.replacen("</head>", &script, 1).into()))
}

#[cfg(test)]
mod tests;
