//! Limits how many requests a client may send, and whatever else modules want to limit: see [`Limits`].

mod limiter;
mod named;
mod settings;

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use clients::{ClientIp, network};
use kernel::{AppState, Area, Describe, Error, Module, Stage};
use utoipa::openapi::{HeaderBuilder, ObjectBuilder, OpenApi, ResponseBuilder, Type, path::PathItem};

use crate::limiter::Limiter;
pub use crate::{
    named::{Key, Limits, Permit, Wait},
    settings::{Areas, Quota},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// A part for [`Module::add`]: requests to pages below this path are not counted, because each proves that it comes from a program
/// which is known, and such a program may have much to tell at once.
#[derive(Clone, Copy, Debug)]
pub struct Exempt(pub &'static str);

/// Limits for the API, for pages and for forms.
pub fn module() -> Module {
    Module::new("rate_limits")
        .settings::<Areas>()
        .provide(|_, _| Ok(Limits::default()))
        .layer(Stage::Limit, limit_area)
        .add(Describe(describe))
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
    let limits: &Areas = state.config.settings();
    let limit =
        |name, quota: &Option<_>| quota.map(|quota| Arc::new(Limit { name, quota, limiter: Limiter::default() }));
    let (reading, writing) = match area {
        Area::Api => {
            let limit = limit("api", &limits.api);
            (limit.clone(), limit)
        }
        Area::Pages => (limit("pages", &limits.pages), limit("forms", &limits.forms)),
    };
    if reading.is_none() && writing.is_none() {
        return router;
    }
    let exempt: Arc<[Exempt]> = if area == Area::Pages { state.all().into() } else { Arc::default() };
    let layer = move |client: ClientIp, request: Request, next: Next| {
        let is_exempt = exempt.iter().any(|Exempt(path)| request.uri().path().starts_with(path));
        let limit = if request.method().is_safe() { reading.clone() } else { writing.clone() };
        let limit = limit.filter(|_| !is_exempt);
        async move {
            match limit {
                Some(limit) => limit.apply(client, request, next).await,
                None => next.run(request).await,
            }
        }
    };
    router.layer(middleware::from_fn_with_state(state.clone(), layer))
}

/// The limit of one part of the application.
struct Limit {
    name: &'static str,
    quota: Quota,
    limiter: Limiter<IpAddr>,
}

impl Limit {
    async fn apply(&self, ClientIp(client): ClientIp, request: Request, next: Next) -> Response {
        let (mut response, remaining, reset) = match self.limiter.take(&[network(client)], self.quota, Instant::now()) {
            Ok(standing) => (next.run(request).await, standing.remaining, standing.reset),
            Err(wait) => (Error::TooMany(wait).into_response(), 0, wait),
        };
        let policy = format!("{:?};q={};w={}", self.name, self.quota.count, self.quota.period.as_secs());
        // Rounded up, so that nobody comes back too early.
        let standing = format!("{:?};r={remaining};t={}", self.name, reset.as_secs_f64().ceil());
        for (name, value) in [(POLICY, policy), (STANDING, standing)] {
            response.headers_mut().extend(HeaderValue::try_from(value).map(|value| (name, value)));
        }
        response
    }
}
