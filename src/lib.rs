//! NeoForge forges production-ready full-stack Rust projects from templates, and stays with them for life.

pub mod answers;
pub mod gather;
pub mod render;
pub mod template;
pub mod tree;
