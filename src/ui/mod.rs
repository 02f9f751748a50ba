//! What people see and type: output, prompts, progress.

mod line;
mod out;
pub mod progress;
mod prompt;
mod steady;

pub use self::out::Out;
pub use self::prompt::Terminal;
