//! What people see and type: output, prompts, progress.

mod out;
pub mod progress;
mod prompt;

pub use self::out::Out;
pub use self::prompt::Terminal;
