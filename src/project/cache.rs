//! Where a program may keep what it can make again.

use std::env;
use std::path::PathBuf;

/// The folder of this program in the user's cache; `None` where the user has no home.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let named = |key: &str| env::var_os(key).map(PathBuf::from).filter(|path| path.is_absolute());
    let in_home = |below: &str| env::home_dir().map(|home| home.join(below));
    let cache = if cfg!(windows) {
        named("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        in_home("Library/Caches")
    } else {
        named("XDG_CACHE_HOME").or_else(|| in_home(".cache"))
    };
    cache.map(|cache| cache.join("neoforge"))
}
