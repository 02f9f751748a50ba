use std::{fmt, pin::Pin, sync::Arc};

use axum::{
    Router,
    http::{Extensions, request::Parts as Request},
    response::Response,
    routing::MethodRouter,
};
use tower_http::csrf::CsrfLayer;
use tracing_subscriber::Registry;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    AppState, Config, Db, Job, Link, Policy, Problem, Program,
    config::{Reader, Settings},
    database::{Connection, Migration},
    health::{Check, CheckFn},
    jobs::Handler,
    observe::Observation,
    parts::{Add, Make, Parts, Service},
    program::Entry,
};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Wraps middleware around the routes of one part of the application.
pub type Layer = fn(Router<AppState>, Area, &AppState) -> Router<AppState>;

/// Work without an end.
pub type Background = fn(AppState) -> BoxFuture<'static, ()>;

/// Takes part in what another module does, in the same transaction.
pub type On<E> = for<'a> fn(&'a AppState, &'a mut Connection, &'a E) -> BoxFuture<'a, anyhow::Result<()>>;

/// Something that happens in one module and that others may want to know: see [`Module::on`] and [`AppState::emit`].
pub trait Event: Send + Sync + 'static {}

/// The parts that a [`Layer`] can tell from each other. Health checks have no layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// What lies under `/api`.
    Api,
    /// The pages and their assets.
    Pages,
}

/// Where a layer stands, from the outside in. Within a stage, the layer of an earlier module sees a request first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Knows the client, and nothing else.
    Edge,
    /// Finds out who asks, and for whose pages.
    Visitor,
    /// Refuses what is too much.
    Limit,
    /// Sees what handlers answer.
    Content,
}

/// Writes the answer for an error outside of the API: from the problem and the request that met it.
#[derive(Clone, Copy)]
pub struct ErrorPage(pub fn(&AppState, &Problem, &Request) -> Response);

/// Chooses which other sites may have their pages send requests to one part of the application.
#[derive(Clone, Copy)]
pub struct Csrf(pub fn(&AppState, Area) -> CsrfLayer);

/// A source for a directive of the content security policy, such as `form-action`, besides the application itself.
#[derive(Clone, Copy)]
pub struct Csp(pub &'static str, pub fn(&Config) -> Vec<String>);

/// Completes the API document of all modules.
#[derive(Clone, Copy)]
pub struct Describe(pub fn(&mut OpenApi));

/// Is told what the application does: the ground for metrics and error tracking. It must return at once.
#[derive(Clone, Copy)]
pub struct Observer(pub fn(&AppState, &Observation<'_>));

/// Fills a database for development; it may find its data there already. `app seed` runs all of them.
#[derive(Clone, Copy)]
pub struct Seed(pub fn(AppState) -> BoxFuture<'static, anyhow::Result<()>>);

/// Gets everything that is traced, besides the log.
#[derive(Clone, Copy)]
pub struct Trace(pub fn(&Config) -> Option<Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>>);

/// Says which peers are proxies whose headers are true.
#[derive(Clone, Copy)]
pub struct TrustsPeer(pub fn(&AppState, std::net::IpAddr) -> bool);

/// Lets a peer open one more connection, or not. What it returns is dropped when the connection is closed.
#[derive(Clone, Copy)]
pub struct Admits(pub fn(&AppState, std::net::IpAddr) -> Option<Box<dyn std::any::Any + Send>>);

/// Points out a configuration that works and is hardly meant.
#[derive(Clone, Copy)]
pub struct Advice(pub fn(&Config) -> Option<String>);

/// Looks into the database for what keeps people from working with the application, such as that nobody can manage it, and
/// says what to do about it.
#[derive(Clone, Copy)]
pub struct Inspect(pub fn(AppState) -> BoxFuture<'static, anyhow::Result<Option<String>>>);

/// What a module does about an [`Event`].
pub struct Reaction<E>(pub(crate) On<E>);

impl<E> Clone for Reaction<E> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

/// A command of the application's program, such as `app jobs list`. `#[derive(clap::Parser)]` gives it its name, its
/// arguments and its help.
pub trait Command: clap::Parser + Send + 'static {
    /// Does what the command says. What it prints is its answer; the log goes to standard error.
    fn run(self, program: Program) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Routes that answer with pages, and where they are.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Routes {
    pub(crate) router: Router<AppState>,
    pub(crate) paths: Vec<String>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn route(mut self, path: &str, methods: MethodRouter<AppState>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, methods), ..self }
    }

    pub fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), ..self }
    }
}

/// All that a feature brings to the application. Its crate has one function, `module()`, which returns this.
///
/// What is one of a kind is [provided](Module::provide), what there are many of is [added](Module::add), and the type is
/// the key to both. The other setters are for what the application itself is made of. Setters merge: none replaces what an
/// earlier call has brought.
#[must_use]
pub struct Module {
    pub(crate) name: &'static str,
    pub(crate) api: Vec<(Policy, OpenApiRouter<AppState>)>,
    pub(crate) pages: Vec<(Policy, Routes)>,
    pub(crate) layers: Vec<(Stage, Layer)>,
    pub(crate) jobs: Vec<(&'static str, Handler)>,
    pub(crate) background: Vec<Background>,
    pub(crate) everywhere: Vec<Background>,
    pub(crate) migrations: Vec<Migration>,
    pub(crate) settings: Vec<fn(&mut Reader<'_>, &mut Extensions)>,
    pub(crate) commands: Vec<Entry>,
    pub(crate) provided: Vec<(Service, Make)>,
    pub(crate) needed: Vec<Service>,
    pub(crate) parts: Vec<Add>,
}

impl Module {
    /// A module that brings nothing yet. The name must stay the same for good: it names the table that remembers which
    /// migrations have run. It is made of lower-case letters, digits and underscores.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            api: Vec::new(),
            pages: Vec::new(),
            layers: Vec::new(),
            jobs: Vec::new(),
            background: Vec::new(),
            everywhere: Vec::new(),
            migrations: Vec::new(),
            settings: Vec::new(),
            commands: Vec::new(),
            provided: Vec::new(),
            needed: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// A service, which `state.service::<S>()` returns. Of two modules that provide the same type, the later one wins.
    pub fn provide<S: Send + Sync + 'static>(mut self, make: fn(&Config, &Db) -> anyhow::Result<S>) -> Self {
        let make: Make = Box::new(move |config, db| Ok(Arc::new(make(config, db)?)));
        self.provided.push((Service::of::<S>(), make));
        self
    }

    /// A service of another module, without which this one cannot work: the application does not start without it.
    pub fn needs<S: Send + Sync + 'static>(mut self) -> Self {
        self.needed.push(Service::of::<S>());
        self
    }

    /// One of many: `state.all::<T>()` has those of all modules. The crate that reads them defines the type.
    #[expect(clippy::should_implement_trait, reason = "a module is no number")]
    pub fn add<T: Clone + Send + Sync + 'static>(mut self, part: T) -> Self {
        self.parts.push(Box::new(move |parts: &mut Parts| parts.push(part.clone())));
        self
    }

    /// Takes part in an event, in the transaction in which it happens: when this fails, it does not happen.
    pub fn on<E: Event>(self, run: On<E>) -> Self {
        self.add(Reaction(run))
    }

    /// A command of the program.
    pub fn command<C: Command>(mut self) -> Self {
        self.commands.push(Entry::of::<C>());
        self
    }

    /// Routes under `/api/v1`, described for the API document by `#[utoipa::path]`.
    pub fn api(mut self, policy: Policy, routes: OpenApiRouter<AppState>) -> Self {
        self.api.push((policy, routes));
        self
    }

    /// Routes that answer with HTML.
    pub fn pages(mut self, policy: Policy, routes: Routes) -> Self {
        self.pages.push((policy, routes));
        self
    }

    /// Middleware around the routes of all modules. Errors that it answers with are written like those of handlers.
    pub fn layer(mut self, stage: Stage, layer: Layer) -> Self {
        self.layers.push((stage, layer));
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

    /// Work that every process does, also one that only serves. It is dropped when the process stops.
    pub fn everywhere(mut self, work: Background) -> Self {
        self.everywhere.push(work);
        self
    }

    /// The steps that build this module's tables.
    pub fn migrations(mut self, migrations: &'static [Migration]) -> Self {
        self.migrations.extend_from_slice(migrations);
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

    /// An entry in a menu.
    pub fn link(self, link: Link) -> Self {
        self.add(link)
    }

    /// A check that must pass before `/health/ready` answers 200.
    pub fn check(self, name: &'static str, check: CheckFn) -> Self {
        self.add(Check { name, run: check })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Module").field("name", &self.name).finish_non_exhaustive()
    }
}
