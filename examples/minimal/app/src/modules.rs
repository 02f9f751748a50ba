use kernel::Module;

/// A module comes after those whose tables it refers to: migrations run in this order.
pub fn add_to(modules: &mut Vec<Module>) {
    modules.push(ui::module());
}
