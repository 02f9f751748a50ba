use std::time::Duration;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    APP_DESCRIPTION, APP_NAME, AppState, Area, Config, Db, Module, connections, health, http, jobs::Worker,
};

/// The modules, put together: ready to serve requests and to run jobs.
#[derive(Clone, Debug)]
pub struct Application {
    pub state: AppState,
    pub worker: Worker,
    router: Router,
}

impl Application {
    /// Composes the modules. Opens no port and starts nothing.
    #[must_use]
    pub fn build(config: Config, db: Db, modules: Vec<Module>) -> Self {
        let state = AppState::new(config, db, &modules);
        let (mut api, mut pages) = (Router::new(), Router::new());
        let (mut handlers, mut background, mut layers) = (Vec::new(), Vec::new(), Vec::new());
        for module in modules {
            api = api.merge(Router::from(module.api));
            pages = pages.merge(module.pages);
            handlers.extend(module.jobs);
            background.extend(module.background);
            layers.extend(module.layers);
        }

        let document = async |State(state): State<AppState>| Json(&*state.openapi).into_response();
        let api = Router::new().nest("/v1", api).route("/openapi.json", get(document));
        let router = health::routes()
            .nest("/api", http::guard(api, Area::Api, &layers, &state))
            .merge(http::guard(pages, Area::Pages, &layers, &state))
            .with_state(state.clone());
        Self { worker: Worker::new(state.clone(), handlers, background), router: http::wrap(router), state }
    }

    /// Serves requests until `stop` is cancelled, and finishes those in flight.
    ///
    /// # Errors
    ///
    /// Fails when requests are still unfinished at the end of the shutdown time.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        connections::serve(&self.state.config, &self.router, listener, stop).await
    }
}

/// Describes the API of the modules.
#[must_use]
pub fn openapi(modules: &[Module]) -> OpenApi {
    let info = Info::builder().title(APP_NAME).version(env!("CARGO_PKG_VERSION")).description(Some(APP_DESCRIPTION));
    let document = OpenApiBuilder::new().info(info.build()).build();
    let mut router = OpenApiRouter::<AppState>::with_openapi(document);
    for module in modules {
        router = router.nest("/api/v1", module.api.clone());
    }
    let mut document = router.into_openapi();
    modules.iter().filter_map(|module| module.describe).for_each(|describe| describe(&mut document));
    document
}

/// Resolves `limit` after `stop` has been cancelled.
pub async fn deadline(stop: &CancellationToken, limit: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(limit).await;
}
