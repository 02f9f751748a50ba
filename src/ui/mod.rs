//! What people see: progress, and later prompts and reports.

pub mod progress;
mod steady;
