//! Lets the pages of other origins use the API.

mod settings;

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
};
use kernel::{AppState, Area, Csrf, Module, Stage};
use tower_http::{
    cors::{AllowHeaders, AllowMethods, CorsLayer},
    csrf::CsrfLayer,
};

use crate::settings::Cors;

/// How long a browser may remember the answer to a preflight request.
const MAX_AGE: Duration = Duration::from_hours(1);

/// What scripts may read of an answer, besides its body.
const EXPOSED: [HeaderName; 7] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("x-request-id"),
];

/// Answers preflight requests, and lets the pages of some origins read answers, refusals among them.
pub fn module() -> Module {
    Module::new("cors").settings::<Cors>().layer(Stage::Visitor, allow_origins).add(Csrf(trust_origins))
}

fn allow_origins(router: Router<AppState>, area: Area, state: &AppState) -> Router<AppState> {
    let settings: &Cors = state.config.settings();
    if area != Area::Api || settings.origins.list.is_empty() {
        return router;
    }
    let origins = settings.origins.list.iter().filter_map(|origin| HeaderValue::try_from(origin).ok());
    router.layer(
        CorsLayer::new()
            .allow_origin(origins.collect::<Vec<_>>())
            .allow_credentials(settings.credentials)
            .allow_methods(AllowMethods::mirror_request())
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED)
            .max_age(MAX_AGE),
    )
}

fn trust_origins(state: &AppState, area: Area) -> CsrfLayer {
    let settings: &Cors = state.config.settings();
    match area {
        Area::Api => settings.origins.csrf.clone(),
        Area::Pages => CsrfLayer::new(),
    }
}
