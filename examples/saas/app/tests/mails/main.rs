//! The mails of all modules, and the process that sends them.

mod kills;
mod limits;
#[path = "../../../modules/email/tests/email/server.rs"]
mod server;
mod texts;
