//! What happens to every request around its handler.

use std::{
    any::Any,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use axum::{
    Json, Router, body,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, OriginalUri, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header, uri::Authority},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::Route,
};
use tower::{Service, layer::layer_fn, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, SizeAbove},
    },
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    timeout::{RequestBodyTimeoutLayer, ResponseBodyTimeoutLayer, TimeoutLayer},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Access, AppState, Area, Csp, Csrf, Error, ErrorPage, Policy, Problem, Stage, TrustsPeer, Visitor,
    access::Time,
    config::Hsts,
    error::Failure,
    logging::{current_request_id, with_request_id},
    module::Layer,
    observe::{Answered, Failed, Observation},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a large body may stand still.
const STALLED: Duration = Duration::from_secs(30);

/// How long a large body may take in all.
const LONGEST: Duration = Duration::from_hours(1);

/// What a text of an error may have to become its `detail`.
const DETAIL: usize = 4096;

/// Who has sent the request. Where it is among the extensions of an answer, the log tells it.
#[derive(Clone, Copy, Debug)]
pub struct Sender(pub IpAddr);

/// Wraps the whole application: request ids, security headers and compression. Health checks have no more than that, so
/// that a probe every few seconds does not fill the log.
pub(crate) fn wrap(router: Router, state: &AppState) -> anyhow::Result<Router> {
    // A smaller answer fits into one packet as it is.
    let predicate = DefaultPredicate::new().and(SizeAbove::new(1024)).and(may_be_encoded);
    let compression = CompressionLayer::new().compress_when(predicate);
    let headers = Arc::new(security_headers(state)?);
    let identify = middleware::from_fn_with_state((state.clone(), headers), identify);
    Ok(share(router).layer((identify, compression)))
}

/// What says `no-transform` is sent as it is: a file, of which parts may be asked for later.
fn may_be_encoded(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let caching = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    !caching.flat_map(|value| value.split(',')).any(|word| word.trim() == "no-transform")
}

/// Puts the layers of the modules around one part of the application. Errors of all kinds are written the way that the
/// area calls for, and every request leaves a line in the log.
pub(crate) fn guard(
    router: Router<AppState>,
    area: Area,
    layers: &[(Stage, Layer)],
    state: &AppState,
) -> Router<AppState> {
    // Inside, so that the layers see a panic as an error like others; and outside, for what panics in them.
    let catch_panics = CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(&*panic));
    let csrf = state.all().last().map_or_else(CsrfLayer::new, |Csrf(choose)| choose(state, area));
    let remember = middleware::from_fn(remember);
    let inner = share(router.fallback(async || Error::NotFound).layer((remember, csrf, catch_panics)));
    let layered = layers.iter().rev().fold(inner, |router, (_, layer)| share(layer(router, area, state)));
    let answer = middleware::from_fn_with_state((state.clone(), area), answer);
    layered.layer((answer, middleware::from_fn_with_state(state.clone(), check_host), catch_panics))
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::from(anyhow!("a handler panicked: {}", message.unwrap_or_default())).into_response()
}

/// Holds the routes of a module to their policy: limits that a handler cannot break.
pub(crate) fn mount(router: Router<AppState>, policy: Policy, state: &AppState) -> Router<AppState> {
    let enter = middleware::from_fn_with_state(policy.access, enter);
    let size = (DefaultBodyLimit::disable(), RequestBodyLimitLayer::new(policy.body));
    let time = |limit| TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limit);
    let limited = match policy.time {
        Time::Usual => router.layer((time(state.config.request_timeout), size)),
        Time::Limit(limit) => router.layer((time(limit), size)),
        Time::WhileItMoves => {
            let stalled = (ResponseBodyTimeoutLayer::new(STALLED), RequestBodyTimeoutLayer::new(STALLED));
            router.layer((time(LONGEST), size)).layer(stalled)
        }
    };
    share(limited).layer(enter)
}

/// Lets in whom the policy of the route lets in.
async fn enter(State(access): State<Access>, visitor: Option<Visitor>, request: Request, next: Next) -> Response {
    match access.check(visitor.as_ref()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// What somebody who has signed in gets to see stays out of all caches. The log and the page for errors, which are outside of the
/// layer that has found out who asks, get to know it.
async fn remember(visitor: Option<Visitor>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(visitor) = visitor {
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
        response.extensions_mut().insert(visitor);
    }
    response
}

/// Logs the request in one line of its own, whose id stands on all lines that are written meanwhile.
async fn answer(State((state, area)): State<(AppState, Area)>, request: Request, next: Next) -> Response {
    let (start, id) = (Instant::now(), current_request_id());
    // As the client has written it: within `/api`, the router has taken that part away.
    let uri = request.extensions().get().map_or_else(|| request.uri(), |OriginalUri(uri)| uri).clone();
    let method = request.method().clone();
    let matched: Option<MatchedPath> = request.extensions().get().cloned();
    let route = matched.as_ref().map(MatchedPath::as_str);
    let span = tracing::info_span!("request", id, route);
    let response = write_problem(&state, area, request, next).instrument(span.clone()).await;
    let (status, elapsed, path) = (response.status(), start.elapsed(), uri.path());
    let client = response.extensions().get().map(|Sender(client)| *client);
    if let Some(Failure { cause, at }) = response.extensions().get() {
        let backtrace = cause.backtrace();
        let captured = backtrace.status() == std::backtrace::BacktraceStatus::Captured;
        let backtrace = captured.then(|| tracing::field::display(backtrace));
        span.in_scope(|| tracing::error!(%at, backtrace, "request failed: {cause:#}"));
        let failed = Failed { cause, at, during: route.unwrap_or(path), request_id: id.as_deref() };
        state.observe(&Observation::Failed(failed));
    }
    let visitor: Option<&Visitor> = response.extensions().get();
    let microseconds = u64::try_from(elapsed.as_micros()).ok();
    let (user, sender) = (visitor.map(|visitor| visitor.id.to_string()), client.map(|client| client.to_string()));
    let (verb, code) = (method.as_str(), status.as_u16());
    tracing::info!(parent: None, id, method = verb, path, route, status = code, microseconds, client = sender, user, "answered");
    state.observe(&Observation::Answered(Answered { method: &method, path, route, status, elapsed, client, visitor }));
    response
}

/// Refuses what is meant for somebody else: what a handler writes, and a cache keeps, would be theirs.
async fn check_host(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let only =
        hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let Some(host) = only.filter(|host| !host.as_str().contains('@')) else {
        return Error::Refused(StatusCode::BAD_REQUEST, "Send one header `Host`.".to_owned()).into_response();
    };
    let names = [Some(host.host()), request.uri().host()];
    if names.into_iter().flatten().all(|name| state.config.serves(name)) {
        return next.run(request).await;
    }
    Error::Refused(
        StatusCode::MISDIRECTED_REQUEST,
        "This host is not among those of PUBLIC_URL and ALLOWED_HOSTS.".to_owned(),
    )
    .into_response()
}

/// Under `/api` an error becomes `application/problem+json`, elsewhere a page.
async fn write_problem(state: &AppState, area: Area, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Only a page wants to know what was asked for.
    let asked = (area == Area::Pages).then(|| parts.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = take_problem(&mut response).await else { return response };
    let mut written = match (asked, state.all().last()) {
        (None, _) => {
            let kind = [(header::CONTENT_TYPE, "application/problem+json")];
            (response.status(), kind, Json(problem)).into_response()
        }
        (Some(mut parts), Some(ErrorPage(write))) => {
            let visitor: Option<Visitor> = response.extensions().get().cloned();
            visitor.map(|visitor| parts.extensions.insert(visitor));
            write(state, &problem, &parts)
        }
        (Some(_), None) => (response.status(), Html(problem.title)).into_response(),
    };
    // What a handler or a layer has to say besides, such as `Allow` or `Retry-After`, goes along.
    for (name, value) in response.headers() {
        if ![header::CONTENT_LENGTH, header::CONTENT_TYPE].contains(name) {
            written.headers_mut().append(name, value.clone());
        }
    }
    written.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    written.extensions_mut().extend(std::mem::take(response.extensions_mut()));
    written
}

/// The problem that an [`Error`] left behind, or one for an error that axum, a layer or a handler has told in plain text: the
/// text becomes its `detail`. An answer of any other kind, such as a form with messages, stays as it is.
async fn take_problem(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_text = content_type.is_some_and(|kind| kind == "text/plain; charset=utf-8");
    let is_written = content_type.is_some() && !is_text;
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_written => return None,
        None => {
            let text = std::mem::replace(response.body_mut(), Body::empty());
            let text = body::to_bytes(text, DETAIL).await.ok().filter(|text| !text.is_empty());
            let text = text.and_then(|text| String::from_utf8(text.into()).ok());
            let problem = Problem::from(status);
            // What our own faults say is not for others.
            Problem { detail: text.filter(|_| status.is_client_error()).or(problem.detail), ..status.into() }
        }
    };
    Some(Problem { request_id: current_request_id(), ..problem })
}

/// Gives the request an id, or keeps the one of a proxy that is trusted. The answer tells the id, and has the security
/// headers, unless it has its own.
async fn identify(
    State((state, headers)): State<(AppState, Arc<HeaderMap>)>,
    request: Request,
    next: Next,
) -> Response {
    let peer: Option<&ConnectInfo<SocketAddr>> = request.extensions().get();
    let is_trusted = peer.is_some_and(|peer| state.all().iter().any(|TrustsPeer(ask)| ask(&state, peer.0.ip())));
    let given = request.headers().get(REQUEST_ID).filter(|_| is_trusted).and_then(|id| id.to_str().ok());
    // It ends up in logs and in the database: whatever does not look like an id is replaced.
    let is_id = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let id = given.filter(is_id).map_or_else(|| Uuid::new_v4().to_string(), ToOwned::to_owned);
    let mut response = with_request_id(id.clone(), next.run(request)).await;
    for (name, value) in &*headers {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response.headers_mut().extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
    response
}

fn security_headers(state: &AppState) -> anyhow::Result<HeaderMap> {
    let hsts = match state.config.hsts {
        Hsts::Off => None,
        Hsts::Host => Some("max-age=31536000"),
        Hsts::Subdomains => Some("max-age=31536000; includeSubDomains"),
    };
    let mut headers: HeaderMap =
        hsts.map(|value| (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value))).into_iter().collect();
    headers.insert(header::CONTENT_SECURITY_POLICY, content_security_policy(state)?);
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(headers)
}

/// Allows what this application serves, nothing inline, and what modules ask for.
fn content_security_policy(state: &AppState) -> anyhow::Result<HeaderValue> {
    let fixed = ["default-src", "base-uri", "form-action", "frame-ancestors", "object-src"];
    let mut directives: Vec<(&str, Vec<String>)> = fixed.map(|name| (name, Vec::new())).into();
    for Csp(name, sources) in state.all() {
        let sources = sources(&state.config);
        match directives.iter_mut().find(|(directive, _)| directive == name) {
            Some((_, list)) => list.extend(sources),
            None => directives.push((name, sources)),
        }
    }
    let text = directives.iter().map(|(name, sources)| {
        let own = if ["base-uri", "frame-ancestors", "object-src"].contains(name) { "'none'" } else { "'self'" };
        // `'none'` counts only where it stands alone.
        let own = (own == "'self'" || sources.is_empty()).then_some(own);
        let sources: Vec<&str> = own.into_iter().chain(sources.iter().map(String::as_str)).collect();
        format!("{name} {}", sources.join(" "))
    });
    HeaderValue::try_from(text.collect::<Vec<_>>().join("; ")).context("a module asks for a source that is none")
}

/// axum clones a route for each layer around it, and with it all layers within: this ends such a chain of copies.
fn share<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(layer_fn(|route: Route| {
        let route = Arc::new(route);
        service_fn(move |request: Request| Route::clone(&route).call(request))
    }))
}
