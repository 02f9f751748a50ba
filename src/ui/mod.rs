//! What people see and type: output, prompts, progress.

mod course;
mod line;
mod out;
pub mod progress;
mod prompt;
mod steady;

pub use self::course::Course;
pub use self::out::Out;
pub use self::prompt::Terminal;
