//! What modules bring, by type. Nothing here has a name, and nothing is started: the type that is asked for is the key.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    sync::Arc,
};

use anyhow::{Context, ensure};

use crate::{Config, Db, Module};

type Shared = Arc<dyn Any + Send + Sync>;

/// Adds one part to the list of its type.
pub type Add = Box<dyn Fn(&mut Parts) + Send + Sync>;

/// The parts of all modules: a list for each type, in the order of the modules.
#[derive(Default)]
pub struct Parts(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Parts {
    #[must_use]
    pub fn of(modules: &[Module]) -> Self {
        let mut parts = Self::default();
        modules.iter().flat_map(|module| &module.parts).for_each(|add| add(&mut parts));
        parts
    }

    /// All parts of one type.
    #[must_use]
    pub fn all<T: Send + Sync + 'static>(&self) -> &[T] {
        self.0.get(&TypeId::of::<T>()).and_then(|list| list.downcast_ref::<Vec<T>>()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn push<T: Send + Sync + 'static>(&mut self, part: T) {
        let list = self.0.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Vec::<T>::new()));
        list.downcast_mut::<Vec<T>>().expect("the list has the type of its key").push(part);
    }
}

/// How a service is made, or asked for.
#[derive(Clone, Copy)]
pub struct Service {
    id: TypeId,
    name: &'static str,
}

impl Service {
    pub(crate) fn of<S: 'static>() -> Self {
        Self { id: TypeId::of::<S>(), name: type_name::<S>() }
    }
}

pub type Make = Box<dyn Fn(&Config, &Db) -> anyhow::Result<Shared> + Send + Sync>;

/// What there is one of: a mailer, a cache, a client of another service.
#[derive(Default)]
pub struct Services(HashMap<TypeId, Shared>);

impl Services {
    /// Makes the services: of two with the same type, that of the later module.
    pub(crate) fn make(config: &Config, db: &Db, modules: &[Module]) -> anyhow::Result<Self> {
        let mut makers = HashMap::new();
        for (module, (service, make)) in modules.iter().flat_map(|it| it.provided.iter().map(move |own| (it, own))) {
            makers.insert(service.id, (module.name, service.name, make));
        }
        let mut services = Self::default();
        for (id, (module, service, make)) in makers {
            let made =
                make(config, db).with_context(|| format!("`{service}` of the module `{module}` cannot be made"))?;
            services.0.insert(id, made);
        }
        for (module, service) in modules.iter().flat_map(|it| it.needed.iter().map(move |own| (it.name, own))) {
            let name = service.name;
            ensure!(
                services.0.contains_key(&service.id),
                "the module `{module}` needs a module that provides `{name}`"
            );
        }
        Ok(services)
    }

    pub(crate) fn get<S: Send + Sync + 'static>(&self) -> Option<&S> {
        self.0.get(&TypeId::of::<S>())?.downcast_ref()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Parts").field(&self.0.len()).finish()
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Services").field(&self.0.len()).finish()
    }
}
