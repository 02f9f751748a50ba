use std::{fmt, pin::Pin};

use axum::{
    Router,
    http::{Extensions, request::Parts},
};
use tower_http::csrf::CsrfLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    AppState, Job, Problem,
    config::{Reader, Settings},
    database::Migration,
    health::{Check, CheckFn},
    jobs::Handler,
};

/// Writes the page for an error: it gets the problem and the request that met it, and returns HTML.
pub type ErrorPage = fn(&AppState, &Problem, &Parts) -> String;

/// Chooses which other sites may have their pages send requests to one part of the application.
pub type Csrf = fn(&AppState, Area) -> CsrfLayer;

/// Wraps middleware around the routes of one part of the application.
pub type Layer = fn(Router<AppState>, Area, &AppState) -> Router<AppState>;

/// Work without an end.
pub type Background = fn(AppState) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The parts that a [`Layer`] can tell from each other. Health checks have no layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// What lies under `/api`.
    Api,
    /// The pages and their assets.
    Pages,
}

/// An entry of the main menu.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub label: &'static str,
    pub path: &'static str,
    pub about: &'static str,
}

/// All that a feature brings to the application. Its crate has one function, `module()`, which returns this.
#[must_use]
pub struct Module {
    pub(crate) name: &'static str,
    pub(crate) api: OpenApiRouter<AppState>,
    pub(crate) pages: Router<AppState>,
    pub(crate) jobs: Vec<(&'static str, Handler)>,
    pub(crate) background: Vec<Background>,
    pub(crate) migrations: &'static [Migration],
    pub(crate) settings: Vec<fn(&mut Reader<'_>, &mut Extensions)>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) csrf: Option<Csrf>,
    pub(crate) links: Vec<Link>,
    pub(crate) checks: Vec<Check>,
    pub(crate) error_page: Option<ErrorPage>,
    pub(crate) describe: Option<fn(&mut OpenApi)>,
}

impl Module {
    /// A module that brings nothing yet. The name must stay the same for good: it names the table that remembers which
    /// migrations have run.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            api: OpenApiRouter::new(),
            pages: Router::new(),
            jobs: Vec::new(),
            background: Vec::new(),
            migrations: &[],
            settings: Vec::new(),
            layers: Vec::new(),
            csrf: None,
            links: Vec::new(),
            checks: Vec::new(),
            error_page: None,
            describe: None,
        }
    }

    /// Routes under `/api/v1`, described for the API document by `#[utoipa::path]`.
    pub fn api(mut self, routes: OpenApiRouter<AppState>) -> Self {
        self.api = routes;
        self
    }

    /// Completes the API document of all modules, for instance with a security scheme.
    pub const fn describe(mut self, describe: fn(&mut OpenApi)) -> Self {
        self.describe = Some(describe);
        self
    }

    /// Routes that answer with HTML.
    pub fn pages(mut self, routes: Router<AppState>) -> Self {
        self.pages = routes;
        self
    }

    /// A kind of background job that this module can run.
    pub fn job<J: Job>(mut self) -> Self {
        self.jobs.push((J::NAME, Handler::of::<J>()));
        self
    }

    /// Work that every process does which runs jobs. It is dropped when the process stops.
    pub fn background(mut self, work: Background) -> Self {
        self.background.push(work);
        self
    }

    /// The steps that build this module's tables.
    pub const fn migrations(mut self, migrations: &'static [Migration]) -> Self {
        self.migrations = migrations;
        self
    }

    /// Environment variables of this module, which are checked at start; later, `state.config.settings::<S>()` has them.
    pub fn settings<S: Settings>(mut self) -> Self {
        self.settings.push(|reader, settings| {
            if let Some(read) = S::read(reader) {
                settings.insert(read);
            }
        });
        self
    }

    /// Middleware around the routes of all modules. The layers of later modules see a request first. Errors that a layer
    /// answers with are written like those of handlers.
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// Other sites whose pages may send requests that change something. The last module that names some wins.
    pub const fn csrf(mut self, csrf: Csrf) -> Self {
        self.csrf = Some(csrf);
        self
    }

    /// An entry in the main menu.
    pub fn link(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    /// A check that must pass before `/health/ready` answers 200.
    pub fn check(mut self, name: &'static str, check: CheckFn) -> Self {
        self.checks.push(Check { name, run: check });
        self
    }

    /// The page that is shown for errors outside of the API. The last module that brings one wins.
    pub const fn error_page(mut self, page: ErrorPage) -> Self {
        self.error_page = Some(page);
        self
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Module").field("name", &self.name).finish_non_exhaustive()
    }
}
