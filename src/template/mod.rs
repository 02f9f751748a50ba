//! The template format: its manifests, how they are read, and what must be true of them.

pub mod manifest;
