//! Requests to other services: encrypted, limited in time and size, and never led to where they must not go.
//!
//! ```no_run
//! use axum::{body::Bytes, http::Request};
//! use http_client::{Failure, Outgoing};
//!
//! # async fn example(state: kernel::AppState, webhook: String) -> Result<(), Failure> {
//! // An address of ours, from the source or the configuration:
//! let answer = state.fetch("rates", Request::get("https://rates.example.com/today").body(Bytes::new()).unwrap()).await?;
//! assert!(answer.status().is_success());
//!
//! // An address that a user has given:
//! let request = Request::post(webhook).body(Bytes::from("{}")).map_err(|_| Failure::Refused("no address"))?;
//! state.fetch_untrusted("webhooks", request).await?;
//! # Ok(())
//! # }
//! ```

mod address;
mod client;
mod network;

use std::time::{Duration, Instant};

use axum::{
    body::{Body, Bytes},
    http::{Request, Response, StatusCode},
};
use kernel::{AppState, Module, observe::Observation};

pub use crate::{
    address::is_public,
    client::{ANSWER_LIMIT, Failure, HttpClient, TIME_LIMIT},
    network::{Network, System},
};

/// Provides the [`HttpClient`].
pub fn module() -> Module {
    Module::new("http_client").provide::<HttpClient>(|config, _| HttpClient::new(config.environment))
}

/// Calls other services.
///
/// Every call is a line of the log and is observed, under the name of the service and without its path, which may hold
/// secrets. Redirects are answers like others: nobody follows them.
pub trait Outgoing {
    /// Sends a request to an address of ours. `http` is for services on this machine, in development.
    fn fetch(
        &self,
        service: &'static str,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Failure>> + Send;

    /// Like [`fetch`](Self::fetch), for large bodies: the answer is handed over as it arrives, of whatever size. The limit of time
    /// is for its begin; whoever reads on has one for the rest.
    fn fetch_large(
        &self,
        service: &'static str,
        limit: Duration,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, Failure>> + Send;

    /// Sends a request to an address that a user has given: to `https`, to the ports 443 and 8443, and to public addresses
    /// only. A name is looked up once, and what was found is both checked and connected to.
    fn fetch_untrusted(
        &self,
        service: &'static str,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Failure>> + Send;
}

impl Outgoing for AppState {
    async fn fetch(&self, service: &'static str, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        observed(self, service, request, HttpClient::send).await
    }

    async fn fetch_large(
        &self,
        service: &'static str,
        limit: Duration,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, Failure> {
        observed(self, service, request, |client, request| client.send_large(limit, request)).await
    }

    async fn fetch_untrusted(
        &self,
        service: &'static str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Failure> {
        observed(self, service, request, HttpClient::send_untrusted).await
    }
}

async fn observed<'a, B, F>(
    state: &'a AppState,
    service: &'static str,
    request: Request<Bytes>,
    send: impl FnOnce(&'a HttpClient, Request<Bytes>) -> F + Send,
) -> Result<Response<B>, Failure>
where
    F: Future<Output = Result<Response<B>, Failure>> + Send,
{
    let (client, began) = (state.service::<HttpClient>(), Instant::now());
    let host = request.uri().host().unwrap_or_default().to_owned();
    let outcome = send(client, request).await;
    let (elapsed, status) = (began.elapsed(), outcome.as_ref().map(Response::status));
    let word = status.as_ref().map_or_else(|failure| failure.word(), StatusCode::as_str);
    let microseconds = u64::try_from(elapsed.as_micros()).ok();
    tracing::info!(service, host, outcome = word, microseconds, "called");
    state.observe(&Observation::Called { service, outcome: word, elapsed });
    outcome
}
