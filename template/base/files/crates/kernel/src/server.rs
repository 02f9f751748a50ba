use std::{future, time::Duration};

use anyhow::bail;
use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::{APP_DESCRIPTION, APP_NAME, AppState, Config, Db, Module, health, http, jobs::Worker};

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
        let mut api = Router::new();
        let mut pages = Router::new();
        let mut checks = Vec::new();
        let mut handlers = Vec::new();
        let mut layers = Vec::new();
        for module in modules {
            api = api.merge(Router::from(module.api));
            pages = pages.merge(module.pages);
            checks.extend(module.checks);
            handlers.extend(module.jobs);
            layers.extend(module.layers);
        }

        let document = async |State(state): State<AppState>| Json(&*state.openapi).into_response();
        let api = Router::new().nest("/v1", api).route("/openapi.json", get(document));
        let router = health::routes(checks)
            .nest("/api", http::api(api, &layers, &state))
            .merge(http::pages(pages, &layers, &state))
            .with_state(state.clone());
        Self { worker: Worker::new(state.clone(), handlers), router: http::wrap(router), state }
    }

    /// Serves requests until `stop` is cancelled, and finishes those in flight.
    ///
    /// # Errors
    ///
    /// Fails when the listener breaks, or when requests are still unfinished at the end of the shutdown time.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        let server = axum::serve(listener, self.router.clone()).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::select! {
            result = server.into_future() => Ok(result?),
            () = deadline(&stop, self.state.config.shutdown_timeout) => {
                bail!("some requests were cut off, because they took longer than SHUTDOWN_SECONDS")
            }
        }
    }
}

/// Describes the API of the modules.
#[must_use]
pub fn openapi(modules: &[Module]) -> OpenApi {
    let mut router = OpenApiRouter::<AppState>::with_openapi(
        OpenApiBuilder::new()
            .info(
                Info::builder()
                    .title(APP_NAME)
                    .version(env!("CARGO_PKG_VERSION"))
                    .description(Some(APP_DESCRIPTION))
                    .build(),
            )
            .build(),
    );
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

/// A token that is cancelled when the process is asked to stop: by Ctrl-C, or by the SIGTERM of a service manager or
/// container runtime.
#[must_use]
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signal_received().await;
            stop.cancel();
        }
    });
    stop
}

async fn signal_received() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
