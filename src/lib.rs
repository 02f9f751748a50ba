//! NeoForge forges production-ready full-stack Rust projects from templates, and stays with them for life.

pub mod interrupt;
pub mod smoke;
pub mod template;
pub mod tree;
pub mod ui;
