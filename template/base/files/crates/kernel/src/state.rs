use std::sync::Arc;

use serde_json::{Value, json};

use crate::{Config, Db, ErrorPage, Link, Module};

/// What handlers and jobs share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    pub config: Arc<Config>,
    pub db: Db,
    /// The entries of the main menu, in the order of the modules.
    pub navigation: Arc<[Link]>,
    /// The description of the API.
    pub openapi: Arc<Value>,
    pub(crate) error_page: ErrorPage,
}

impl AppState {
    pub(crate) fn new(config: Config, db: Db, modules: &[Module]) -> Self {
        Self {
            config: Arc::new(config),
            db,
            navigation: modules.iter().flat_map(|module| module.links.iter().copied()).collect(),
            openapi: Arc::new(json!(crate::openapi(modules))),
            error_page: modules.iter().rev().find_map(|module| module.error_page).unwrap_or(plain_error_page),
        }
    }
}

fn plain_error_page(_: &AppState, problem: &crate::Problem, _: &axum::http::request::Parts) -> String {
    problem.title.clone()
}
