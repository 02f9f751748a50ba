//! Passwords: what one may be, and how it is kept.

// @slot mods
mod hasher;
mod rules;

pub use hasher::Hasher;
pub use rules::{About, LIMIT, Password};
