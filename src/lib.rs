//! NeoForge forges production-ready full-stack Rust projects from templates, and stays with them for life.

pub mod project;
pub mod template;
pub mod tree;
