//! What happens to every request around its handler.

use std::{net::IpAddr, sync::Arc, time::Instant};

use anyhow::anyhow;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, OriginalUri, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::Route,
};
use tower::{Service, layer::layer_fn, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, SizeAbove},
    },
    timeout::TimeoutLayer,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    AppState, Area, Error, Layer, Problem,
    logging::{current_request_id, with_request_id},
};

/// Bodies above this are refused with 413.
const BODY_LIMIT: usize = 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// No constant, whose type would count them: so they can be added to in several places at once.
fn security_headers() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
            ),
        ),
        (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ]
    .into_iter()
}

/// Wraps the whole application: request ids, security headers and compression. Health checks have no more than that, so
/// that a probe every few seconds does not fill the log.
pub(crate) fn wrap(router: Router) -> Router {
    // A smaller answer fits into one packet as it is.
    let compression = CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)));
    share(router).layer((middleware::from_fn(identify), compression))
}

/// Limits that a handler cannot break: unknown paths, size, time, panics, and forms that another site submits. Errors of
/// all kinds are written the way that the area calls for, and every request leaves a line in the log.
pub(crate) fn guard(router: Router<AppState>, area: Area, layers: &[Layer], state: &AppState) -> Router<AppState> {
    // Inside, so that the layers see a panic as an error like others; and outside, for what panics in them.
    let catch_panics = CatchPanicLayer::custom(|_| Error::Internal(anyhow!("a handler panicked")).into_response());
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, state.config.request_timeout);
    let limits = (timeout, DefaultBodyLimit::max(BODY_LIMIT), (state.csrf)(state, area), catch_panics);
    let answer = middleware::from_fn_with_state((state.clone(), area), answer);
    let limited = router.fallback(async || Error::NotFound).layer(limits);
    let layered = layers.iter().fold(share(limited), |router, layer| share(layer(router, area, state)));
    layered.layer((answer, catch_panics))
}

/// Who has sent the request. Where it is among the extensions of an answer, the log tells it.
#[derive(Clone, Copy, Debug)]
pub struct Sender(pub IpAddr);

/// Logs the request in one line of its own, whose id stands on all lines that are written meanwhile.
async fn answer(State((state, area)): State<(AppState, Area)>, request: Request, next: Next) -> Response {
    let (start, id) = (Instant::now(), current_request_id());
    // As the client has written it: within `/api`, the router has taken that part away.
    let uri = request.extensions().get().map_or_else(|| request.uri(), |OriginalUri(uri)| uri).clone();
    let method = request.method().clone();
    let span = tracing::info_span!("request", id);
    let response = write_problem(&state, area, request, next).instrument(span).await;
    let (status, microseconds) = (response.status().as_u16(), u64::try_from(start.elapsed().as_micros()).ok());
    let (method, client) = (method.as_str(), response.extensions().get().map(|Sender(client)| client.to_string()));
    tracing::info!(parent: None, id, method, path = uri.path(), status, microseconds, client, "answered");
    response
}

/// Under `/api` an error becomes `application/problem+json`, elsewhere a page.
async fn write_problem(state: &AppState, area: Area, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Only a page wants to know what was asked for.
    let asked = (area == Area::Pages).then(|| parts.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(problem) = take_problem(&mut response) {
        let (body, content_type) = match asked {
            None => (Json(problem).into_response().into_body(), "application/problem+json"),
            Some(parts) => ((state.error_page)(state, &problem, &parts).into(), "text/html; charset=utf-8"),
        };
        *response.body_mut() = body;
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// The problem that an [`Error`] left behind, or one for an error that axum or a layer answered with. An answer that a
/// handler has written itself, such as a form with messages, stays as it is.
fn take_problem(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_written = content_type.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    let problem = match response.extensions_mut().remove::<Problem>() {
        None if is_written => return None,
        problem => problem.unwrap_or_else(|| status.into()),
    };
    Some(Problem { request_id: current_request_id(), ..problem })
}

/// Gives the request an id, or keeps the one of a proxy. The answer tells the id, and has the security headers.
async fn identify(request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    // It ends up in logs and in the database: whatever does not look like an id is replaced.
    let is_id = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let id = given.filter(is_id).map_or_else(|| Uuid::new_v4().to_string(), ToOwned::to_owned);
    let mut response = with_request_id(id.clone(), next.run(request)).await;
    response.headers_mut().extend(security_headers());
    response.headers_mut().extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
    response
}

/// axum clones a route for each layer around it, and with it all layers within: this ends such a chain of copies.
fn share<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(layer_fn(|route: Route| {
        let route = Arc::new(route);
        service_fn(move |request: Request| Route::clone(&route).call(request))
    }))
}
