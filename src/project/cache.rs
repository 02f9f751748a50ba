//! Where a program may keep what it can make again.

use std::env;
use std::fs;
use std::io::{self, Write as _};
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

/// What was kept under a name.
#[must_use]
pub fn read(name: &str) -> Option<Vec<u8>> {
    fs::read(folder()?.join(name)).ok()
}

/// Keeps something under a name. Nobody is told when that fails: it can be made again.
pub fn write(name: &str, bytes: &[u8]) {
    let Some(path) = folder().map(|folder| folder.join(name)) else { return };
    let Some(parent) = path.parent() else { return };
    let written = || -> io::Result<()> {
        fs::create_dir_all(parent)?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(bytes)?;
        file.persist(&path)?;
        Ok(())
    };
    let _ = written();
}
