use std::sync::Arc;

use crate::{Config, Db, ErrorPage, Link, Module};

/// What handlers and jobs share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    pub config: Arc<Config>,
    pub db: Db,
    /// The entries of the main menu, in the order of the modules.
    pub navigation: Arc<[Link]>,
    pub(crate) error_page: ErrorPage,
}

impl AppState {
    pub(crate) fn new(config: Config, db: Db, modules: &[Module]) -> Self {
        Self {
            config: Arc::new(config),
            db,
            navigation: modules.iter().flat_map(|module| module.links.iter().copied()).collect(),
            error_page: modules.iter().rev().find_map(|module| module.error_page).unwrap_or(plain_error_page),
        }
    }
}

fn plain_error_page(_: &AppState, problem: &crate::Problem, _: &axum::http::request::Parts) -> String {
    problem.title.clone()
}
