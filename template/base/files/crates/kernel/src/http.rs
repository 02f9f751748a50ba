//! What happens to every request around its handler.

use std::any::Any;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::{DefaultOnResponse, TraceLayer},
};
use tracing::{Level, Span};

use crate::{AppState, Area, Error, Layer, Problem};

/// Bodies above this are refused with 413.
const BODY_LIMIT: usize = 1024 * 1024;

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
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
];

/// Wraps the whole application: request ids, traces and security headers.
pub(crate) fn wrap(router: Router) -> Router {
    router
        .layer(middleware::map_response(add_security_headers))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(request_span)
                .on_response(DefaultOnResponse::new().level(Level::INFO))
                // What failed has been logged already, with its cause.
                .on_failure(()),
        )
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// Makes the routes of the API answer every error with `application/problem+json`.
pub(crate) fn api(router: Router<AppState>, layers: &[Layer], state: &AppState) -> Router<AppState> {
    guard(router, Area::Api, layers, state).layer(middleware::from_fn(problem_json))
}

/// Makes the routes of the pages answer every error with a page.
pub(crate) fn pages(router: Router<AppState>, layers: &[Layer], state: &AppState) -> Router<AppState> {
    guard(router, Area::Pages, layers, state).layer(middleware::from_fn_with_state(state.clone(), problem_page))
}

/// Limits that a handler cannot break: unknown paths, size, time, panics, and forms that another site submits.
fn guard(router: Router<AppState>, area: Area, layers: &[Layer], state: &AppState) -> Router<AppState> {
    let timeout = state.config.request_timeout;
    let limited = router
        .fallback(async || Error::NotFound)
        .layer(CsrfLayer::new())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout));
    layers
        .iter()
        .fold(limited, |router, layer| layer(router, area, state))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panic_response(&*panic)))
}

async fn problem_json(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let mut response = next.run(request).await;
    if let Some(mut problem) = take_problem(&mut response) {
        problem.request_id = id;
        let body = axum::Json(problem).into_response().into_body();
        let content_type = HeaderValue::from_static("application/problem+json");
        replace_body(&mut response, body, content_type);
    }
    response
}

async fn problem_page(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let (parts, body) = request.into_parts();
    let mut response = next.run(Request::from_parts(parts.clone(), body)).await;
    if let Some(mut problem) = take_problem(&mut response) {
        problem.request_id = id;
        let page = (state.error_page)(&state, &problem, &parts);
        let content_type = HeaderValue::from_static("text/html; charset=utf-8");
        replace_body(&mut response, Body::from(page), content_type);
    }
    response
}

/// The problem that an [`Error`] left behind, or one for an error that axum or a layer answered with. An error that a
/// handler has written as a page, such as a form with messages, stays as it is.
fn take_problem(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Some(problem),
        None if is_page => None,
        None => Some(status.into()),
    }
}

fn replace_body(response: &mut Response, body: Body, content_type: HeaderValue) {
    *response.body_mut() = body;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, content_type);
}

fn panic_response(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::Internal(anyhow::anyhow!("a handler panicked: {message}")).into_response()
}

async fn add_security_headers(mut response: Response) -> Response {
    response.headers_mut().extend(SECURITY_HEADERS);
    response
}

fn request_span(request: &Request) -> Span {
    tracing::info_span!(
        "request",
        id = request_id(request),
        method = %request.method(),
        path = request.uri().path(),
    )
}

fn request_id(request: &Request) -> Option<String> {
    let id = request.extensions().get::<RequestId>()?;
    id.header_value().to_str().ok().map(ToOwned::to_owned)
}
