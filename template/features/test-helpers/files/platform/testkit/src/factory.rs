use std::sync::atomic::{AtomicU64, Ordering};

/// A number that no other call in this process gets.
#[must_use]
pub fn sequence() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A text that no other call in this process gets, for names and addresses that must be unique.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix} {}", sequence())
}
