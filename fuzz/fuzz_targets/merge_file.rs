//! The merge of one file: who has changed nothing gets the other side, and a clean merge of two files that can be read can be
//! read. The title of the first section is the path, whose suffix says what the file is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::merge::Change;
use neoforge_fuzz::{applied, assert_fair, assert_laws, files, merged, reads, sections};

fuzz_target!(|case: &str| {
    let mut sections = sections(case);
    let Some((path, base)) = sections.next() else { return };
    let (Some((_, ours)), Some((_, theirs))) = (sections.next(), sections.next()) else { return };
    let [base, ours, theirs] = [base, ours, theirs].map(|text| files(std::iter::once((path, text))));
    assert_laws(&base, &ours);
    assert_laws(&base, &theirs);

    let merge = merged(&base, &ours, &theirs);
    assert_fair(&base, &ours, &theirs, &merge);
    for (_, conflict) in merge.conflicts() {
        let text = conflict.marked.as_ref().map(|text| String::from_utf8_lossy(text));
        let text = text.as_deref().unwrap_or("<<<<<<< yours\n=======\n>>>>>>> new\n");
        let marks = ["<<<<<<< yours\n", "=======\n", ">>>>>>> new\n"].map(|mark| text.replace("\r\n", "\n").find(mark));
        assert!(marks.iter().all(Option::is_some), "a conflict has no markers:\n{text}");
    }
    let text = |tree: &neoforge::tree::FileTree| tree.get(path).and_then(|file| file.text()).map(str::to_owned);
    let (Some(ours_text), Some(theirs_text)) = (text(&ours), text(&theirs)) else { return };
    if !reads(path, &ours_text) || !reads(path, &theirs_text) {
        return;
    }
    if let Some(result) = applied(&merge, &ours) {
        let result = text(&result).unwrap_or_default();
        assert!(reads(path, &result), "a clean merge cannot be read:\n{result}");
    }
    assert!(merge.changes.values().all(|change| *change != Change::Remove), "nobody has removed the file");
});
