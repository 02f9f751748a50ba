//! The markers of slots: each is a line of the text, after the one before it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::template::slot::find;

fuzz_target!(|text: &str| {
    let (slots, bad) = find(text);
    let mut done = 0;
    for slot in &slots {
        assert!(slot.line.start >= done && slot.line.end <= text.len(), "{slot:?} overlaps the slot before it");
        let line = &text[slot.line.clone()];
        assert!(slot.line.start == 0 || text[..slot.line.start].ends_with('\n'), "{slot:?} begins inside of a line");
        assert!(line.ends_with('\n') || slot.line.end == text.len(), "{slot:?} ends inside of a line");
        assert!(!line.trim_end_matches('\n').contains('\n'), "{slot:?} is more than a line");
        assert!(line.starts_with(&slot.indent) && slot.indent.trim().is_empty(), "{slot:?} is indented by blanks");
        assert!(line.contains(&slot.name), "{slot:?} has its name from somewhere else");
        done = slot.line.end;
    }
    for marker in &bad {
        assert!(text.is_char_boundary(marker.offset) && text[marker.offset..].contains("@slot"), "{marker:?}");
        assert!(slots.iter().all(|slot| slot.line.start != marker.offset), "{marker:?} is a good one");
    }
});
