use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use anyhow::ensure;
use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{Method, header},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tower::ServiceExt;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder, Response, path::PathItem, security::SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    APP_DESCRIPTION, APP_NAME, Access, AppState, Area, Config, Db, Module, Policy, Routes, Stage, connections, health,
    http,
    jobs::Worker,
    module::{Background, Describe},
    parts::Parts,
};

/// The modules, put together: ready to serve requests and to run jobs.
#[derive(Clone, Debug)]
pub struct Application {
    pub state: AppState,
    pub worker: Worker,
    /// The layers around all routes, from the outside in: the stage of each, and its module.
    pub layers: Arc<[(Stage, &'static str)]>,
    mounts: Arc<[Mount]>,
    everywhere: Arc<[Background]>,
    router: Router,
}

/// Routes of one module that share a policy.
#[derive(Debug)]
struct Mount {
    policy: Policy,
    prefix: &'static str,
    paths: Vec<String>,
    router: Router<AppState>,
}

/// A route, and what it asks of a request.
#[derive(Clone, Debug)]
pub struct MountedRoute {
    /// `GET, POST`
    pub methods: String,
    pub path: String,
    pub policy: Policy,
}

impl fmt::Display for MountedRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { methods, path, policy: Policy { access, body, time } } = self;
        write!(formatter, "{methods:<18} {path:<40} {access:?}, {} KiB, {time:?}", body / 1024)
    }
}

impl Application {
    /// Composes the modules. Opens no port and starts nothing.
    ///
    /// # Errors
    ///
    /// Names the modules that do not fit together: two of one name, of one job or one route, a name that is none, or a service
    /// that nobody provides.
    pub fn build(config: Config, db: Db, modules: Vec<Module>) -> anyhow::Result<Self> {
        check(&modules)?;
        let state = AppState::new(config, db, &modules)?;
        let (mut api, mut pages) = (Router::new(), Router::new());
        let (mut handlers, mut background, mut everywhere) = (Vec::new(), Vec::new(), Vec::new());
        let (mut layers, mut named, mut mounts) = (Vec::new(), Vec::new(), Vec::new());
        for module in modules {
            let resolve = |policy: Policy| Policy { access: policy.access.with(state.all().last()), ..policy };
            for (policy, routes) in module.api {
                let policy = resolve(policy);
                let (router, document) = routes.split_for_parts();
                api = api.merge(http::mount(router.clone(), policy, &state));
                mounts.push(Mount {
                    policy,
                    prefix: "/api/v1",
                    paths: document.paths.paths.into_keys().collect(),
                    router,
                });
            }
            for (policy, Routes { router, paths }) in module.pages {
                let policy = resolve(policy);
                pages = pages.merge(http::mount(router.clone(), policy, &state));
                mounts.push(Mount { policy, prefix: "", paths, router });
            }
            named.extend(module.layers.iter().map(|(stage, _)| (*stage, module.name)));
            layers.extend(module.layers);
            handlers.extend(module.jobs);
            background.extend(module.background);
            everywhere.extend(module.everywhere);
        }
        layers.sort_by_key(|(stage, _)| *stage);
        named.sort_by_key(|(stage, _)| *stage);

        let document = async |State(state): State<AppState>| Json(&*state.openapi).into_response();
        let document = http::mount(Router::new().route("/openapi.json", get(document)), Policy::PUBLIC, &state);
        let api = Router::new().nest("/v1", api).merge(document);
        let router = health::routes()
            // A service, because a router that is nested does not answer for `/api/`.
            .nest_service("/api", http::guard(api, Area::Api, &layers, &state).with_state(state.clone()))
            .merge(http::guard(pages, Area::Pages, &layers, &state))
            .with_state(state.clone());
        let mut for_jobs = state.clone();
        for_jobs.db = state.db.for_jobs();
        Ok(Self {
            worker: Worker::new(for_jobs, handlers, background),
            router: http::wrap(router, &state)?,
            layers: named.into(),
            mounts: mounts.into(),
            everywhere: everywhere.into(),
            state,
        })
    }

    /// Starts the work that every process does, for as long as the handles live.
    #[must_use]
    pub fn everywhere(&self) -> Vec<AbortOnDropHandle<()>> {
        let start = |work: &Background| AbortOnDropHandle::new(tokio::spawn(work(self.state.clone())));
        self.everywhere.iter().map(start).collect()
    }

    /// All routes of the modules, sorted by path. Each is asked with a method that none has, and tells those that it has.
    pub async fn routes(&self) -> Vec<MountedRoute> {
        let mut routes = Vec::new();
        for Mount { policy, prefix, paths, router } in &*self.mounts {
            for path in paths {
                let ask = Request::builder().uri(path.replace(['{', '}', '*'], "")).method(Method::CONNECT);
                let Ok(ask) = ask.body(Body::empty()) else { continue };
                let Ok(answer) = router.clone().with_state(self.state.clone()).oneshot(ask).await;
                let methods = answer.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
                let methods = methods.unwrap_or("all").replace(',', ", ");
                routes.push(MountedRoute { methods, path: format!("{prefix}{path}"), policy: *policy });
            }
        }
        routes.sort_by(|one, other| one.path.cmp(&other.path));
        routes
    }

    /// Serves requests until `stop` is cancelled, and finishes those in flight.
    ///
    /// # Errors
    ///
    /// Fails when requests are still unfinished at the end of the shutdown time.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        connections::serve(&self.state, &self.router, listener, stop).await
    }
}

/// Refuses modules that would get into each other's way.
fn check(modules: &[Module]) -> anyhow::Result<()> {
    let (mut names, mut jobs) = (HashSet::new(), HashSet::new());
    for Module { name, jobs: own, .. } in modules {
        let is_identifier = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
        ensure!(is_identifier, "the module `{name}` names tables: use lower-case letters, digits and underscores");
        ensure!(names.insert(name), "the module `{name}` is there twice: list it once, or rename one");
        for (job, _) in own {
            ensure!(jobs.insert(job), "the job `{job}` of the module `{name}` is there twice: rename one");
        }
    }
    Ok(())
}

/// Describes the API of the modules.
#[must_use]
pub fn openapi(modules: &[Module]) -> OpenApi {
    let info = Info::builder().title(APP_NAME).version(env!("CARGO_PKG_VERSION")).description(Some(APP_DESCRIPTION));
    let document = OpenApiBuilder::new().info(info.build()).build();
    let mut all = OpenApiRouter::<AppState>::with_openapi(document);
    let parts = Parts::of(modules);
    for (policy, routes) in modules.iter().flat_map(|module| &module.api) {
        let mut routes = routes.clone();
        demand(routes.get_openapi_mut(), policy.access.with(parts.all().last()));
        all = all.nest("/api/v1", routes);
    }
    let mut document = all.into_openapi();
    parts.all().iter().for_each(|Describe(describe)| describe(&mut document));
    document
}

/// Tells in the API document whom its operations let in.
fn demand(document: &mut OpenApi, access: Access) {
    let refusals: &[(&str, &str)] = match access {
        Access::Public => return,
        Access::SignedIn | Access::Personal => &[("401", "Unauthorized")],
        Access::Role(_) => &[("401", "Unauthorized"), ("403", "Forbidden")],
    };
    for PathItem { get, put, post, delete, patch, .. } in document.paths.paths.values_mut() {
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            operation.security = Some(vec![SecurityRequirement::new("session", Vec::<String>::new())]);
            for (status, reason) in refusals {
                operation.responses.responses.insert((*status).to_owned(), Response::new(*reason).into());
            }
        }
    }
}

/// Resolves `limit` after `stop` has been cancelled.
pub async fn deadline(stop: &CancellationToken, limit: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(limit).await;
}
