//! The merge of trees: files come, go and move, and what only one side has done is done. A title is one of `base`, `ours`,
//! `theirs`, a blank, and a path.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge_fuzz::{applied, assert_fair, assert_laws, files, merged, sections};

fuzz_target!(|case: &str| {
    let side = |name: &str| files(sections(case).filter_map(|(title, text)| Some((title.strip_prefix(name)?, text))));
    let (base, ours, theirs) = (side("base "), side("ours "), side("theirs "));
    assert_laws(&base, &ours);
    assert_laws(&base, &theirs);

    let merge = merged(&base, &ours, &theirs);
    assert_fair(&base, &ours, &theirs, &merge);
    for (path, conflict) in merge.conflicts() {
        assert!(conflict.ours.is_some() || conflict.theirs.is_some(), "{path}: there is nothing to choose from");
    }
    let Some(result) = applied(&merge, &ours) else { return };
    // What the person has moved is followed, and so is no longer theirs alone.
    let nothing_moved = base.iter().all(|(path, _)| ours.get(path.as_str()).is_some());
    for (path, file) in ours.iter().filter(|_| nothing_moved) {
        if base.get(path.as_str()).is_none() && theirs.get(path.as_str()).is_none() {
            assert_eq!(result.get(path.as_str()), Some(file), "{path} is the person's own");
        }
    }
});
