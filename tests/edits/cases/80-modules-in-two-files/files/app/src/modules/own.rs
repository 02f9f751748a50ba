use kernel::Module;

/// Ours.
pub fn add_to(modules: &mut Vec<Module>) {
    modules.push(shop::module());
}
