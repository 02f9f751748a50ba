//! The template that comes with the program.

use crate::tree::{File, FileTree, TreePath};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/template.rs"));
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
