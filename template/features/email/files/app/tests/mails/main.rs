//! The mails of all modules, and the process that sends them.

mod kills;
// @slot mods
#[path = "../../../modules/email/tests/email/server.rs"]
mod server;
mod texts;
