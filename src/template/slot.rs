//! Slot markers: whole-line comments, in the syntax of the file that holds them, which name a place.

use std::ops::Range;

/// A marker in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The slot's name.
    pub name: String,
    /// Whether the lines of the slot are sorted and equal ones dropped.
    pub sort: bool,
    /// What stands before the comment: blanks.
    pub indent: String,
    /// The bytes of the marker's line, with its line end.
    pub line: Range<usize>,
}

/// A comment that begins like a marker but is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMarker {
    /// The byte at which its line begins.
    pub offset: usize,
}

/// Openers of comments, each with what may close it in the same line.
const COMMENTS: [(&str, &str); 7] =
    [("<!--", "-->"), ("{#", "#}"), ("/*", "*/"), ("//", ""), ("--", ""), ("#", ""), (";", "")];

/// The markers of a text, in their order, and the comments that are nearly markers.
#[must_use]
pub fn find(text: &str) -> (Vec<Slot>, Vec<BadMarker>) {
    let (mut slots, mut bad) = (Vec::new(), Vec::new());
    for (at, _) in text.match_indices("@slot") {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
        match parse(&text[start..end]) {
            None => {}
            Some(Ok((name, sort, indent))) => slots.push(Slot { name, sort, indent, line: start..end }),
            Some(Err(())) => bad.push(BadMarker { offset: start }),
        }
    }
    bad.dedup();
    (slots, bad)
}

/// `None` where the line is no marker, an error where it begins like one.
fn parse(line: &str) -> Option<Result<(String, bool, String), ()>> {
    let body = line.trim();
    let indent = &line[..line.len() - line.trim_start().len()];
    let (inside, close) = COMMENTS.iter().find_map(|(open, close)| Some((body.strip_prefix(open)?, close)))?;
    let words = inside.trim_start();
    if !words.starts_with("@slot") {
        return None;
    }
    let Some(words) = words.strip_suffix(close) else { return Some(Err(())) };
    let mut words = words.split_whitespace();
    let parsed = match (words.next(), words.next(), words.next(), words.next()) {
        (Some("@slot"), Some(name), None, None) if is_name(name) => Ok((name, false)),
        (Some("@slot"), Some(name), Some("sort"), None) if is_name(name) => Ok((name, true)),
        _ => Err(()),
    };
    Some(parsed.map(|(name, sort)| (name.to_owned(), sort, indent.to_owned())))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, bool, String)> {
        let (slots, bad) = find(text);
        assert_eq!(bad, []);
        slots.into_iter().map(|slot| (slot.name, slot.sort, slot.indent)).collect()
    }

    #[test]
    fn a_marker_stands_in_any_comment_syntax() {
        for line in [
            "// @slot a",
            "# @slot a",
            "<!-- @slot a -->",
            "{# @slot a #}",
            "-- @slot a",
            "/* @slot a */",
            "; @slot a",
            "#@slot a",
            "<!--@slot a-->",
        ] {
            assert_eq!(names(line), [("a".to_owned(), false, String::new())], "{line}");
        }
    }

    #[test]
    fn a_marker_has_an_indentation_and_may_sort() {
        assert_eq!(names("x\n\t  # @slot my-mods sort\r\ny"), [("my-mods".to_owned(), true, "\t  ".to_owned())]);
    }

    #[test]
    fn prose_about_slots_is_no_marker() {
        assert_eq!(names("let x = 1; // @slot a\nwrite `@slot a`\n/// the @slot a\n"), []);
    }

    #[test]
    fn a_broken_marker_is_told_from_prose() {
        for line in ["// @slot", "# @slot A", "# @slot a sorted", "<!-- @slot a", "# @slot a sort now", "# @slots a"] {
            assert_eq!(find(&format!("x\n{line}\n")).1, [BadMarker { offset: 2 }], "{line}");
        }
    }
}
