use std::{iter, sync::Arc};

use serde_json::{Value, json};
use tower_http::csrf::CsrfLayer;

use crate::{Clock, Config, Csrf, Db, ErrorPage, Link, Module, health::Check};

/// What handlers and jobs share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    /// What `/health/ready` looks at.
    pub checks: Arc<[Check]>,
    /// The entries of the main menu, in the order of the modules.
    pub navigation: Arc<[Link]>,
    /// The description of the API.
    pub openapi: Arc<Value>,
    pub(crate) error_page: ErrorPage,
    pub(crate) csrf: Csrf,
}

impl AppState {
    pub(crate) fn new(config: Config, db: Db, modules: &[Module]) -> Self {
        let error_page = modules.iter().rev().find_map(|module| module.error_page);
        Self {
            config: Arc::new(config),
            db,
            clock: Clock::default(),
            checks: iter::once(Check::DATABASE)
                .chain(modules.iter().flat_map(|module| module.checks.clone()))
                .collect(),
            navigation: modules.iter().flat_map(|module| module.links.iter().copied()).collect(),
            openapi: Arc::new(json!(crate::openapi(modules))),
            error_page: error_page.unwrap_or(|_, problem, _| problem.title.clone()),
            csrf: modules.iter().rev().find_map(|module| module.csrf).unwrap_or(|_, _| CsrfLayer::new()),
        }
    }
}
