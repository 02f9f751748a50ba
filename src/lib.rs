//! NeoForge forges production-ready full-stack Rust projects from templates, and stays with them for life.
//!
//! ```text
//! commands ─► ui, project, smoke, foreign, embedded ─► plan, adopt, snapshot, check ─► matrix ─► gather ─► render ─► answers ─► template ─► tree
//! └──────────────────── effects ──────────────────┘    └─► merge ─────────────────────────────────────────────────────────► ┘
//!                                                     └───────────────────────────── pure ───────────────────────────────────┘
//! ```
//!
//! Arrows point down only; `tests/architecture.rs` enforces it.

pub mod adopt;
pub mod answers;
pub mod archive;
pub mod check;
pub mod cli;
pub mod commands;
pub mod embedded;
pub mod foreign;
pub mod gather;
pub mod interrupt;
pub mod lock;
pub mod matrix;
pub mod merge;
pub mod plan;
pub mod process;
pub mod project;
pub mod release;
pub mod render;
pub mod smoke;
pub mod snapshot;
pub mod template;
pub mod tree;
pub mod ui;
pub mod unified;
