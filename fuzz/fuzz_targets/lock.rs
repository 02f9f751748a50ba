//! Lock files: what can be read is written the same every time, and the one that is derived for a project can be read, and has no
//! packages but those of the superset and its own. A case has both files of the superset, and the manifests of a project.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::lock::{LockFile, Superset};
use neoforge_fuzz::{files, sections, tree};

fuzz_target!(|case: &str| {
    let parts = tree(case);
    let text = |path: &str| parts.get(path).and_then(|file| file.text()).unwrap_or_default();
    let (lock, facts) = (text("lock/Cargo.lock"), text("lock/features.txt"));
    match LockFile::parse(lock) {
        Ok(read) => {
            let written = read.render();
            let again = LockFile::parse(&written).unwrap_or_else(|error| panic!("{error}:\n{written}"));
            assert_eq!(again.render(), written, "a lock file is written the same every time");
            assert_eq!(again.packages.len(), read.packages.len());
        }
        Err(error) => {
            assert!((1..=lock.lines().count().max(1)).contains(&error.line), "{error}: there is no such line")
        }
    }
    let Ok(superset) = Superset::parse(lock, facts) else { return };
    let project = files(sections(case).filter_map(|(path, text)| Some((path.strip_prefix("project/")?, text))));
    let derived = superset.derive(&project);
    assert_eq!(derived, superset.derive(&project), "a lock file is derived the same every time");
    if let Ok(Some(derived)) = derived {
        let read = LockFile::parse(&derived).unwrap_or_else(|error| panic!("{error}:\n{derived}"));
        assert_eq!(read.render(), derived, "a derived lock file is as cargo writes it");
        assert!(superset.covers(&derived), "packages come from nowhere:\n{derived}");
    }
});
