use std::{io, time::Duration};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    response::IntoResponse,
    routing::get,
    serve::Listener,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, signal, time::timeout};
use tokio_util::sync::CancellationToken;
use tower_http::add_extension::AddExtension;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::{APP_DESCRIPTION, APP_NAME, AppState, Area, Config, Db, Module, health, http, jobs::Worker};

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
    pub async fn serve(&self, mut listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        // axum's own server waits for ever for a client that sends the head of its request drop by drop.
        let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
        server.http1().timer(TokioTimer::new()).header_read_timeout(self.state.config.request_timeout);
        let connections = GracefulShutdown::new();
        loop {
            let (stream, peer) = tokio::select! {
                accepted = Listener::accept(&mut listener) => accepted,
                () = stop.cancelled() => break,
            };
            let service = TowerToHyperService::new(AddExtension::new(self.router.clone(), ConnectInfo(peer)));
            let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
            // A connection that breaks concerns nobody but its client.
            tokio::spawn(connections.watch(connection.into_owned()));
        }
        drop(listener);
        let limit = self.state.config.shutdown_timeout;
        timeout(limit, connections.shutdown())
            .await
            .context("some requests were cut off, because they took longer than SHUTDOWN_SECONDS")
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

/// A token that is cancelled when the process is asked to stop: by Ctrl-C, or by the SIGTERM of a service manager or
/// container runtime.
#[must_use]
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        match signal_received().await {
            Ok(()) => stopping.cancel(),
            Err(error) => tracing::error!("signals cannot be received: {error}"),
        }
    });
    stop
}

#[cfg(unix)]
async fn signal_received() -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        outcome = signal::ctrl_c() => outcome,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal_received() -> io::Result<()> {
    signal::ctrl_c().await
}
