use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};

use crate::{
    Clock, Config, Db, Event, Module, Observer,
    database::Connection,
    module::Reaction,
    observe::Observation,
    parts::{Parts, Services},
};

/// What handlers and jobs share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    /// The description of the API.
    pub openapi: Arc<Value>,
    parts: Arc<Parts>,
    services: Arc<Services>,
}

impl AppState {
    pub(crate) fn new(config: Config, db: Db, modules: &[Module]) -> anyhow::Result<Self> {
        let services = Arc::new(Services::make(&config, &db, modules)?);
        Ok(Self {
            config: Arc::new(config),
            db,
            clock: Clock::default(),
            openapi: Arc::new(json!(crate::openapi(modules))),
            parts: Arc::new(Parts::of(modules)),
            services,
        })
    }

    /// A service that a module provides.
    ///
    /// # Panics
    ///
    /// When none does. A module that says [`Module::needs`] is told so at start.
    #[must_use]
    pub fn service<S: Send + Sync + 'static>(&self) -> &S {
        self.find_service().expect("a module provides this service")
    }

    /// A service, if a module provides it.
    #[must_use]
    pub fn find_service<S: Send + Sync + 'static>(&self) -> Option<&S> {
        self.services.get()
    }

    /// What the modules have added of one type, in the order of the modules.
    #[must_use]
    pub fn all<T: Send + Sync + 'static>(&self) -> &[T] {
        self.parts.all()
    }

    /// Tells all modules that take part, one after the other, before the transaction is committed.
    ///
    /// # Errors
    ///
    /// Fails when one of them does: the transaction is to be rolled back then.
    pub async fn emit<E: Event>(&self, transaction: &mut Connection, event: &E) -> anyhow::Result<()> {
        for Reaction(run) in self.all::<Reaction<E>>() {
            run(self, transaction, event).await.with_context(|| std::any::type_name::<E>())?;
        }
        Ok(())
    }

    /// Tells the observers.
    pub fn observe(&self, observation: &Observation<'_>) {
        for Observer(tell) in self.all() {
            tell(self, observation);
        }
    }
}
