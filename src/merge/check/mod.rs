//! Whether a merge that is clean is also right: what each side added stands where it was written, what it removed is gone there
//! and nowhere else, and nothing is in it that nobody wrote.
//!
//! It knows nothing of how the text was merged. It reads the four texts as outlines, and holds what became of each side against
//! what the other side changed.

mod places;
mod side;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::file::Format;
use super::outline::{self, INSIDE, Unit};
use side::{Key, Side, counted, equal, keys};

/// Whether the merged text has all changes of both sides and no other.
pub(super) fn is_right(format: Format, base: &str, ours: &str, theirs: &str, merged: &str) -> bool {
    let is_of_their_lines = || {
        let lines: HashSet<&str> = ours.lines().chain(theirs.lines()).map(str::trim).collect();
        merged.lines().all(|line| lines.contains(line.trim()))
    };
    // The end of a block of code that one side has removed is not the end of what the other side has moved its beginning to.
    if format == Format::Markdown && has_odd_fences(merged) && !has_odd_fences(ours) && !has_odd_fences(theirs) {
        return false;
    }
    let outlines = [base, ours, theirs, merged].map(|text| outline::of(format, text));
    let [base, ours, theirs, merged] = &outlines;
    let (our, their) = (Side::new(format, base, ours), Side::new(format, base, theirs));
    let Some(kept) = our.kept_with(&their) else { return false };
    // The keys of a table are in the order that somebody likes.
    let is_unordered = matches!(format, Format::Json | Format::Toml);
    let (our_places, their_places) = (our.places_in(&their), their.places_in(&our));
    let is_in_order = || {
        moved(&our.keys(&our_places), &keys(merged)) <= moved(&keys(base), &keys(theirs))
            && moved(&their.keys(&their_places), &keys(merged)) <= moved(&keys(base), &keys(ours))
    };
    has_all(&kept, [&our.added(&our_places), &their.added(&their_places)], merged)
        && (is_unordered || is_in_order() && our.fits(&their) && their.fits(&our))
        // Of a line that somebody has changed and somebody else has written anew, no part has a place in the other.
        && (is_unordered || !(our.is_rewritten || their.is_rewritten) || is_of_their_lines())
        && (!is_unordered || our.keeps_to_tables_of(&their) && their.keeps_to_tables_of(&our))
        && our.comments_tell(&their)
        && their.comments_tell(&our)
        && !mixes_lists(&outlines)
        && !doubles_keys(&outlines)
        && (format != Format::Markdown || our.is_read_in(&their) && their.is_read_in(&our) && !doubles_rows(&outlines))
}

/// Whether not every line that begins a block of code in Markdown can have one that ends it.
fn has_odd_fences(text: &str) -> bool {
    text.lines().filter(|line| line.trim_start().starts_with("```")).count() % 2 == 1
}

/// Whether the result has what is kept, what each side has added, and no more. What both have added may be one addition or two.
fn has_all(kept: &HashMap<Key<'_>, usize>, added: [&HashMap<Key<'_>, usize>; 2], merged: &[Unit]) -> bool {
    let merged = counted(keys(merged).into_iter());
    let all: HashSet<&Key<'_>> =
        kept.keys().chain(added[0].keys()).chain(added[1].keys()).chain(merged.keys()).collect();
    all.into_iter().all(|key| {
        let count = |counts: &HashMap<Key<'_>, usize>| counts.get(key).copied().unwrap_or(0);
        let (kept, [our, their]) = (count(kept), added.map(count));
        (kept + our.max(their)..=kept + our + their).contains(&count(&merged))
    })
}

/// How many of the units that two outlines share do not stand in one order.
fn moved(before: &[Key<'_>], after: &[Key<'_>]) -> usize {
    let left = counted(before.iter().copied());
    let shared: usize = counted(after.iter().copied())
        .iter()
        .map(|(key, count)| left.get(key).map_or(0, |left| *left.min(count)))
        .sum();
    let in_order: usize = equal(before, after).iter().map(|(range, _)| range.len()).sum();
    shared.saturating_sub(in_order)
}

/// Whether both sides have changed a list on one line, and one of them did more than to add to it.
fn mixes_lists(outlines: &[Vec<Unit>; 4]) -> bool {
    let places: HashSet<&str> =
        outlines.iter().flatten().filter(|unit| unit.inline).map(|unit| unit.place.as_str()).collect();
    places.into_iter().any(|place| {
        let [base, ours, theirs, _] = outlines.each_ref().map(|units| {
            let mut entries = BTreeMap::new();
            for unit in units.iter().filter(|unit| unit.place == place) {
                *entries.entry(unit.text.as_str()).or_insert(0_usize) += 1;
            }
            entries
        });
        let only_adds = |side: &BTreeMap<&str, usize>| base.iter().all(|(text, count)| side.get(text) >= Some(count));
        ours != base && theirs != base && ours != theirs && !(only_adds(&ours) && only_adds(&theirs))
    })
}

/// Whether a name stands twice in a scope of the result, and in none of the sides.
fn doubles_keys([_, ours, theirs, merged]: &[Vec<Unit>; 4]) -> bool {
    let doubled = |units: &[Unit]| {
        let mut seen = HashSet::new();
        units.iter().any(|unit| unit.name.as_ref().is_some_and(|name| !seen.insert((unit.scope, name))))
    };
    doubled(merged) && !doubled(ours) && !doubled(theirs)
}

/// Whether a row of a table in Markdown is more often below its heading than in each of the sides. What a line of text has cut off
/// from a table is a part of it.
fn doubles_rows([_, ours, theirs, merged]: &[Vec<Unit>; 4]) -> bool {
    let heading = |place: &str| place.rfind(INSIDE).unwrap_or_default();
    let rows = |units: &[Unit]| {
        let rows = units.iter().filter(|unit| unit.text.starts_with('|'));
        rows.map(|row| (row.place[..heading(&row.place)].to_owned(), row.text.clone())).collect::<Vec<_>>()
    };
    let [ours, theirs, merged] = [ours, theirs, merged].map(|units| rows(units));
    let count = |rows: &[(String, String)], row| rows.iter().filter(|it| *it == row).count();
    merged.iter().any(|row| count(&merged, row) > count(&ours, row).max(count(&theirs, row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_whose_parent_goes_with_the_other_side_is_below_another_one() {
        let base = "routes:\n    a\n\nbudgets:\n    b\n\n# Find\ndoctor: env\n    c\n\n# Open\nx:\n    y\n";
        let (ours, theirs) = (base.replace("doctor: env\n", ""), base.replace("budgets:\n    b\n\n", ""));
        let merged = theirs.replace("doctor: env\n", "");
        assert!(!is_right(Format::Just, base, &ours, &theirs, &merged));
    }

    #[test]
    fn the_beginning_of_a_block_of_code_does_not_move_when_its_end_goes() {
        let (ini, sh, rest) = ("```ini\na\n```\n", "```sh\nb\n```\n", "```\nc\n```\n");
        let (base, theirs) = ([ini, sh, rest].concat(), [ini, rest].concat());
        let ours = format!("```sh\n{}", base.replace("```sh\n", ""));
        assert!(!is_right(Format::Markdown, &base, &ours, &theirs, &format!("```sh\n{theirs}")));
        assert!(is_right(Format::Markdown, &base, &base, &theirs, &theirs));
    }

    #[test]
    fn a_text_that_nothing_is_left_beside_has_no_place() {
        let base = "# A\n\nOne:\n\n```sh\none\n```\n\nTwo:\n\n```sh\ntwo\n```\n\nEnd.\n";
        let theirs = "# A\n\nThree:\n\n```sh\nthree\n```\n\nEnd.\n";
        for mine in ["<!-- mine -->\n", "Mine.\n"] {
            let [ours, merged] = [(base, "One:\n"), (theirs, "Three:\n")]
                .map(|(text, line)| text.replace(line, &format!("{line}{mine}")));
            assert!(!is_right(Format::Markdown, base, &ours, theirs, &merged), "{mine}");
            let [ours, merged] = [base, theirs].map(|text| text.replace("End.\n", &format!("{mine}End.\n")));
            assert!(is_right(Format::Markdown, base, &ours, theirs, &merged), "{mine}");
        }
    }

    #[test]
    fn what_is_new_in_a_table_with_another_name_is_a_conflict() {
        let base = "[z]\nw = 1\n[p.a]\nx = 1\n";
        let check = |ours: &str, new: &str| {
            let [theirs, merged] = [base, ours].map(|text| format!("{text}{new}"));
            is_right(Format::Toml, base, ours, &theirs, &merged)
        };
        assert!(!check("[z]\nw = 1\n[q.a]\nx = 1\n", "[p.b]\ny = 1\n"));
        assert!(check("[z]\nw = 1\n[q.a]\nx = 1\n", "[r.b]\ny = 1\n"));
        assert!(check("[z]\nw = 1\n", "[p.b]\ny = 1\n"), "a table that is empty takes new entries");
    }

    #[test]
    fn a_table_that_one_side_renames_is_not_removed_by_the_other() {
        let base = "[z]\nw = 1\n\n[p.a]\nx = 1\n\n[p.b]\nx = 1\n\n[release]\ny = 1\n";
        let ours = base.replace("p.b", "p.c");
        let theirs = "[z]\nw = 1\n\n[release]\ny = 1\n";
        let merged = "[z]\nw = 1\n\n[release]\ny = 1\n\n[p.c]\nx = 1\n";
        assert!(!is_right(Format::Toml, base, &ours, theirs, merged));
        assert!(!is_right(Format::Toml, base, theirs, &ours, merged));
    }

    #[test]
    fn an_entry_that_both_sides_add_is_there_once() {
        let row = |name: &str| format!("| {name} | what it means |\n");
        let text = |head: &[&str], rows: &[&str]| {
            let rows: String = rows.iter().map(|name| row(name)).collect();
            format!("# A\n\n{}{rows}\nThe end of it.\n", head.concat())
        };
        let head = ["| name | meaning |\n|---|---|\n"];
        let (base, ours, theirs) =
            (text(&head, &["one"]), text(&head, &["two", "one"]), text(&head, &["two", "three", "one"]));
        let check = |rows: &[&str]| is_right(Format::Markdown, &base, &ours, &theirs, &text(&head, rows));
        assert!(check(&["two", "three", "one"]));
        assert!(!check(&["two", "three", "two", "one"]));
    }

    #[test]
    fn a_comment_on_a_table_goes_with_it() {
        let theirs = "[a]\nx = 1\n\n[release]\nz = 1\n";
        let base = "[a]\nx = 1\n\n# ours\n[profile.b]\ny = 1\n\n[release]\nz = 1\n";
        let check = |after: &str| {
            let comment = |text: &str| text.replace(after, &format!("# a word\n{after}"));
            is_right(Format::Toml, base, &comment(base), theirs, &comment(theirs))
        };
        assert!(check("[release]"));
        let (ours, merged) =
            (base.replace("# ours", "# a word\n# ours"), theirs.replace("[release]", "# a word\n[release]"));
        assert!(!is_right(Format::Toml, base, &ours, theirs, &merged));
    }

    #[test]
    fn what_was_written_anew_has_no_place_for_what_stood_in_something_else() {
        let base = "fn a() {\n    one();\n    two();\n    wake();\n}\n\nfn b() {\n    three();\n    four();\n}\n";
        let theirs = "fn a() {\n}\n\nfn ab() {\n    five();\n    wake();\n    six();\n}\n";
        let check = |mine: &str, merged: &str| {
            let ours = base.replace("    wake();\n", mine);
            is_right(Format::Rust, base, &ours, theirs, &theirs.replace("    wake();\n", merged))
        };
        assert!(check("    wake();\n", "    wake();\n"));
        assert!(!check("    wake();\n    mine();\n", "    wake();\n    mine();\n"), "an addition to another function");
        assert!(!check("", ""), "what is called in another function was not removed there");
        let ours = base.replace("    four();\n", "    mine();\n    four();\n");
        let merged = theirs.replace("    six();\n", "    mine();\n    six();\n");
        assert!(!is_right(Format::Rust, base, &ours, theirs, &merged), "an addition with nothing left around it");
    }

    #[test]
    fn an_addition_needs_one_of_the_lines_around_it() {
        let base = "const A: u8 = 1;\nconst B: u8 = 2;\nconst C: u8 = 3;\nconst D: u8 = 4;\nconst E: u8 = 5;\n";
        let theirs = "const F: u8 = 6;\nconst G: u8 = 7;\nconst E: u8 = 5;\n";
        for (after, is_known) in [("const B: u8 = 2;\n", false), ("const D: u8 = 4;\n", true)] {
            let ours = base.replace(after, &format!("{after}const MINE: u8 = 0;\n"));
            let merged = theirs.replace("const E", "const MINE: u8 = 0;\nconst E");
            assert_eq!(is_right(Format::Rust, base, &ours, theirs, &merged), is_known, "{ours}");
        }
    }

    #[test]
    fn what_one_side_moves_to_another_table_is_not_removed_by_the_other() {
        let base = "[a]\nx.y = true\nz = 1\n\n[b]\n";
        let (ours, theirs) = ("[a]\nz = 1\n\n[b]\nx.y = true\n", "[a]\nz = 1\n\n[b]\n");
        assert!(!is_right(Format::Toml, base, ours, theirs, ours));
        assert!(!is_right(Format::Toml, base, theirs, ours, ours));
        assert!(is_right(Format::Toml, base, ours, base, ours));
    }
}
