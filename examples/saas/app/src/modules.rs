use kernel::Module;

/// A module comes after those whose tables it refers to: migrations run in this order.
pub fn add_to(modules: &mut Vec<Module>) {
    modules.push(ui::module());
    modules.push(clients::module());
    modules.push(ui::components::module());
    modules.push(cors::module());
    modules.push(container::module());
    modules.push(doctor::module());
    modules.push(health_report::module());
    modules.push(job_commands::module());
    modules.push(mailer::module());
    modules.push(rate_limits::module());
    modules.push(rest::module());
    modules.push(api_docs::module());
    modules.push(schedules::module());
    modules.push(signing::module());
    modules.push(email::module());
    modules.push(backups::module());
    modules.push(auth::module());
    modules.push(notes::module());
    modules.push(uploads::module());
}
