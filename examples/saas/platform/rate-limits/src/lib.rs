//! Limits how many requests a client may send.

mod limiter;
mod settings;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use clients::ClientIp;
use kernel::{AppState, Area, Error, Module};
use utoipa::openapi::{HeaderBuilder, ObjectBuilder, OpenApi, ResponseBuilder, Type, path::PathItem};

use crate::{
    limiter::{Limiter, Standing},
    settings::Limits,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// Limits for the API, for pages and for forms.
pub fn module() -> Module {
    Module::new("rate_limits").settings::<Limits>().layer(limit_area).describe(describe)
}

/// Tells in the API document that every operation may refuse.
fn describe(document: &mut OpenApi) {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer);
    let wait = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before the next request."));
    let refusal = ResponseBuilder::new().description("Too Many Requests").header("Retry-After", wait.build()).build();
    for PathItem { get, put, post, delete, patch, .. } in document.paths.paths.values_mut() {
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            operation.responses.responses.insert("429".to_owned(), refusal.clone().into());
        }
    }
}

fn limit_area(router: Router<AppState>, area: Area, state: &AppState) -> Router<AppState> {
    let limits: &Limits = state.config.settings();
    let limiter = |name, quota: &Option<_>| quota.map(|quota| Arc::new(Limiter::new(name, quota)));
    let (reading, writing) = match area {
        Area::Api => {
            let limiter = limiter("api", &limits.api);
            (limiter.clone(), limiter)
        }
        Area::Pages => (limiter("pages", &limits.pages), limiter("forms", &limits.forms)),
    };
    if reading.is_none() && writing.is_none() {
        return router;
    }
    let layer = move |client: ClientIp, request: Request, next: Next| {
        let limiter = if request.method().is_safe() { reading.clone() } else { writing.clone() };
        async move {
            match limiter {
                Some(limiter) => limit(&limiter, client, request, next).await,
                None => next.run(request).await,
            }
        }
    };
    router.layer(middleware::from_fn_with_state(state.clone(), layer))
}

async fn limit(limiter: &Limiter, ClientIp(client): ClientIp, request: Request, next: Next) -> Response {
    let (mut response, standing) = match limiter.take(client, Instant::now()) {
        Ok(standing) => (next.run(request).await, standing),
        Err(wait) => (refusal(wait), Standing { remaining: 0, reset: wait }),
    };
    let policy = format!("{:?};q={};w=60", limiter.name, limiter.quota.per_minute);
    let standing = format!("{:?};r={};t={}", limiter.name, standing.remaining, whole_seconds(standing.reset));
    for (name, value) in [(POLICY, policy), (STANDING, standing)] {
        response.headers_mut().extend(HeaderValue::try_from(value).map(|value| (name, value)));
    }
    response
}

fn refusal(wait: Duration) -> Response {
    let seconds = whole_seconds(wait);
    let advice = format!("This is more than is allowed. Try again in {seconds} s.");
    let mut response = Error::Malformed(StatusCode::TOO_MANY_REQUESTS, advice).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

/// Rounded up, so that nobody comes back too early.
const fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + (duration.subsec_nanos() > 0) as u64
}
