//! The template that comes with the program.

use crate::archive;
use crate::tree::{File, FileTree, TreePath};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/template.rs"));
    include!(concat!(env!("OUT_DIR"), "/releases.rs"));
}

/// The version of the embedded template.
pub const TEMPLATE_VERSION: &str = env!("NEOFORGE_TEMPLATE_VERSION");

/// The embedded template's files, without copying them.
///
/// # Panics
/// Never in a program that passed its tests: the paths were checked there.
#[must_use]
pub fn template() -> FileTree {
    let files = generated::FILES.iter().map(|(path, executable, bytes)| {
        let path = TreePath::parse(*path).expect("the paths of the embedded template are valid");
        (path, File { bytes: bytes::Bytes::from_static(bytes), executable: *executable })
    });
    files.collect()
}

/// The template of an earlier release of this program.
///
/// # Panics
/// Never in a program that passed its tests: all releases were unpacked there.
#[must_use]
pub fn released(version: &str) -> Option<FileTree> {
    let (_, packed) = generated::RELEASES.iter().find(|(name, _)| *name == version)?;
    Some(archive::unpack(packed).expect("the archives of the releases are valid"))
}

/// The versions of the template that this program can render, the current one last.
#[must_use]
pub fn versions() -> Vec<&'static str> {
    let released = generated::RELEASES.iter().map(|(version, _)| *version);
    let mut versions: Vec<_> = released.filter(|version| *version != TEMPLATE_VERSION).collect();
    let numbers = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u64>>();
    versions.sort_by_key(|version| numbers(version));
    versions.push(TEMPLATE_VERSION);
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check, template};

    #[test]
    fn the_embedded_template_has_no_problem() {
        let template = template::load(&template()).unwrap_or_else(|problems| panic!("{problems}"));
        let problems = check::check(&template);
        assert!(problems.is_empty(), "{problems:#?}");
        assert_eq!(template.manifest.version.get_ref(), TEMPLATE_VERSION);
    }
}
