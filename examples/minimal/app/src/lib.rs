//! The application as a library, so that tests can start all of it.

mod modules;

use kernel::Module;

/// The modules that the application is made of, in the order of their migrations.
#[must_use]
pub fn modules() -> Vec<Module> {
    let mut list = Vec::new();
    modules::add_to(&mut list);
    list
}
