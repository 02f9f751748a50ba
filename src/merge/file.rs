//! Three-way merge of one file, by what its format allows.

use std::borrow::Cow;

use bytes::Bytes;

use super::text;
use super::{Labels, check, json, lock, outline, tokens, toml, versions};
use crate::lock::LockFile;
use crate::tree::File;

/// A file after the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// All changes of both sides.
    Clean(File),
    /// A person has to choose. The text has markers; a binary file has none, and stays as it is.
    Conflict(Option<Bytes>),
}

/// What is known about a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
    Rust,
    Css,
    Yaml,
    Markdown,
    /// HTML, and templates for it.
    Html,
    Just,
    Dockerfile,
    /// Variables, one a line.
    Env,
    /// `Cargo.lock`
    Lock,
    Other,
}

impl Format {
    pub(super) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name {
            crate::lock::PATH => return Self::Lock,
            "justfile" | "Justfile" => return Self::Just,
            _ if name.starts_with("Dockerfile") => return Self::Dockerfile,
            _ if name.starts_with(".env") => return Self::Env,
            _ => {}
        }
        match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("toml") => Self::Toml,
            Some("json") => Self::Json,
            Some("rs") => Self::Rust,
            Some("css") => Self::Css,
            Some("yml" | "yaml") => Self::Yaml,
            Some("md") => Self::Markdown,
            Some("html") => Self::Html,
            Some("just") => Self::Just,
            Some("Dockerfile") => Self::Dockerfile,
            _ => Self::Other,
        }
    }

    /// Whether the text can be read; nothing when there is no parser here for it.
    fn reads(self, text: &str) -> Option<bool> {
        match self {
            Self::Toml => Some(text.parse::<toml_edit::DocumentMut>().is_ok()),
            Self::Json => Some(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()),
            Self::Rust => Some(syn::parse_file(text).is_ok()),
            Self::Lock => Some(LockFile::parse(text).is_ok()),
            Self::Yaml => Some(saphyr_parser::Parser::new_from_str(text).all(|event| event.is_ok())),
            Self::Html => Some(outline::is_balanced(text)),
            _ => None,
        }
    }

    /// A merge that knows more than lines.
    fn merge(self, base: &str, ours: &str, theirs: &str) -> Option<String> {
        match self {
            Self::Toml => toml::merge(base, ours, theirs),
            Self::Json => json::merge(base, ours, theirs),
            Self::Rust | Self::Css => tokens::merge(base, ours, theirs),
            Self::Lock => lock::merge(base, ours, theirs),
            _ => None,
        }
    }
}

/// Merges two descendants of `base`, which is missing when both sides have made a file at the same path.
#[must_use]
pub fn merge(path: &str, base: Option<&File>, ours: &File, theirs: &File, labels: &Labels<'_>) -> Merged {
    let executable = match base {
        Some(base) if base.executable == theirs.executable => ours.executable,
        _ => theirs.executable,
    };
    let clean = |bytes: Bytes| Merged::Clean(File { bytes, executable });
    if ours.bytes == theirs.bytes || base.is_some_and(|base| base.bytes == theirs.bytes) {
        return clean(ours.bytes.clone());
    }
    if base.is_some_and(|base| base.bytes == ours.bytes) {
        return clean(theirs.bytes.clone());
    }
    let (Some(our_text), Some(their_text)) = (ours.text(), theirs.text()) else {
        return Merged::Conflict(None);
    };
    let format = Format::of(path);
    let Some(base) = base else {
        let is_readable = |text: &str| format.reads(text) != Some(false);
        if is_readable(our_text) && is_readable(their_text) {
            // The one that has all of the other, each in its place, is what both have written.
            let is_both =
                |file: &&File| file.text().is_some_and(|text| check::is_right(format, "", our_text, their_text, text));
            if let Some(both) = [ours, theirs].into_iter().find(is_both) {
                return clean(both.bytes.clone());
            }
        }
        let both = matches!(format, Format::Toml | Format::Lock).then(|| merge_clean(format, "", our_text, their_text));
        return match both.flatten() {
            Some(text) => clean(text.into()),
            _ => contradiction(ours, theirs, labels),
        };
    };
    let Some(base_text) = base.text() else {
        return Merged::Conflict(None);
    };
    // A text with other line ends than its base is merged as if it had the base's, and keeps its own.
    let crlf = our_text.contains("\r\n");
    let [base_text, our_text, their_text] = [base_text, our_text, their_text]
        .map(|text| if crlf { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) });
    let restored = |text: String| Bytes::from(if crlf { text.replace('\n', "\r\n") } else { text });
    let settled = versions::settle(format, &base_text, &our_text, &their_text);
    let (our_text, their_text) = match settled {
        Some([ours, theirs]) => (Cow::Owned(ours), Cow::Owned(theirs)),
        None => (our_text, their_text),
    };
    match merge_clean(format, &base_text, &our_text, &their_text) {
        Some(text) => clean(restored(text)),
        None => Merged::Conflict(Some(restored(text::conflict(&base_text, &our_text, &their_text, labels)))),
    }
}

/// Two files of which a person has to choose one.
#[must_use]
pub fn contradiction(ours: &File, theirs: &File, labels: &Labels<'_>) -> Merged {
    let texts = ours.text().zip(theirs.text());
    Merged::Conflict(texts.map(|(ours, theirs)| text::side_by_side(ours, theirs, labels).into()))
}

/// The merged text, where all ways to see it agree that it is right: whoever is called ours.
fn merge_clean(format: Format, base: &str, ours: &str, theirs: &str) -> Option<String> {
    let merged = merge_into(format, base, ours, theirs)?;
    merge_into(format, base, theirs, ours).map(|_| merged)
}

/// The first merge that passes the check, from that by lines to that by what the format knows.
fn merge_into(format: Format, base: &str, ours: &str, theirs: &str) -> Option<String> {
    // Lines of two lock files may well go together where the packages do not.
    if format == Format::Lock
        && let Some(text) = lock::merge(base, ours, theirs)
    {
        return Some(text);
    }
    // Where the template's text can be read, the others must be readable, too: of a broken one nobody knows what it says.
    let readable = |text: &str| format.reads(text) != Some(false);
    let may_break = !readable(base);
    if !(may_break || readable(ours) && readable(theirs)) {
        return None;
    }
    let is_right = |text: &String| (may_break || readable(text)) && check::is_right(format, base, ours, theirs, text);
    let by_lines = text::readings().filter_map(|reading| text::merge(base, ours, theirs, reading));
    by_lines.chain(format.merge(base, ours, theirs)).find(is_right)
}

/// Whether a file says no more than the template made it say: with other line ends, formatted in another way, with a licence on
/// top, or without some of its lines.
pub(super) fn says_no_more(path: &str, before: &File, now: &File) -> bool {
    if before.bytes == now.bytes {
        return true;
    }
    let (Some(before), Some(now)) = (before.text(), now.text()) else { return false };
    let json = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    let now = &now.replace("\r\n", "\n");
    let mut lines = before.lines();
    if now.lines().all(|kept| lines.any(|line| line == kept)) {
        return true;
    }
    match Format::of(path) {
        Format::Rust | Format::Css => tokens::same(before, now) || tokens::same(before, tokens::without_licence(now)),
        Format::Json if json(before).is_some() => json(before) == json(now),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

    fn file(text: &str) -> File {
        File::plain(text.to_owned())
    }

    fn merged(path: &str, base: &str, ours: &str, theirs: &str) -> Result<String, String> {
        let shown = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).expect("the text is UTF-8");
        match merge(path, Some(&file(base)), &file(ours), &file(theirs), &LABELS) {
            Merged::Clean(file) => Ok(shown(&file.bytes)),
            Merged::Conflict(text) => Err(text.as_ref().map_or(String::new(), shown)),
        }
    }

    #[test]
    fn what_lines_cannot_merge_the_format_can() {
        let merged_toml = merged("Cargo.toml", "a = { v = 1 }\n", "a = { v = 1, mine = 2 }\n", "a = { v = 2 }\n");
        assert_eq!(merged_toml.as_deref(), Ok("a = { v = 2, mine = 2 }\n"));
        let merged_rust = merged("x.rs", "use a::{B, D};\n", "use a::{B, C, D};\n", "use a::{A, B, D};\n");
        assert_eq!(merged_rust.as_deref(), Ok("use a::{A, B, C, D};\n"));
        assert!(merged("x.txt", "use a::{B, D};\n", "use a::{B, C, D};\n", "use a::{A, B, D};\n").is_err());
    }

    #[test]
    fn line_ends_are_those_of_the_person() {
        let windows = |text: &str| text.replace('\n', "\r\n");
        let by_lines = merged("a.txt", "a\nb\n", &windows("a\nx\n"), "a\nb\nc\n");
        assert_eq!(by_lines, Ok(windows("a\nx\nc\n")));
        let (base, ours, theirs) = ("use a::{B};\n", "use a::{B, C};\n", "use a::{\n    A,\n    B,\n};\nuse d;\n");
        let by_words = merged("a.rs", base, &windows(ours), theirs);
        assert_eq!(by_words, Ok(windows("use a::{\n    A,\n    B, C,\n};\nuse d;\n")));
    }

    #[test]
    fn lines_that_no_longer_parse_together_are_a_conflict() {
        // Each side adds the same key elsewhere: the lines merge, the file would not be TOML.
        let merged = merged("a.toml", "a = 1\nb = 1\n", "x = 1\na = 1\nb = 1\n", "a = 1\nb = 1\nx = 2\n");
        let text = merged.expect_err("the values differ");
        assert!(text.contains("<<<<<<< yours") && text.contains(">>>>>>> new"), "{text}");
    }

    #[test]
    fn a_key_stays_in_its_table_where_lines_would_take_it_into_another() {
        let ours = "[d]\na = 1\n\n[mine]\nx = 1\n";
        assert_eq!(
            merged("a.toml", "[d]\na = 1\n", ours, "[d]\na = 1\nb = 2\n").as_deref(),
            Ok("[d]\na = 1\nb = 2\n\n[mine]\nx = 1\n")
        );
    }

    #[test]
    fn a_dependency_that_both_added_is_there_once() {
        let merged = merged("a.toml", "[d]\nb = 1\n", "[d]\na = 1\nb = 1\n", "[d]\nb = 1\n\n[e]\nx = 1\n");
        assert_eq!(merged.as_deref(), Ok("[d]\na = 1\nb = 1\n\n[e]\nx = 1\n"));
    }

    #[test]
    fn binary_files_are_never_mixed() {
        let [base, ours, theirs] = [b"\0a", b"\0b", b"\0c"].map(|bytes| File::plain(bytes.to_vec()));
        assert_eq!(merge("x.png", Some(&base), &ours, &theirs, &LABELS), Merged::Conflict(None));
        assert_eq!(merge("x.png", Some(&base), &base, &theirs, &LABELS), Merged::Clean(theirs));
    }

    #[test]
    fn whether_a_file_may_be_executed_follows_who_changed_it() {
        let plain = file("a\n");
        let executable = File { executable: true, ..plain.clone() };
        assert_eq!(merge("x", Some(&plain), &executable, &plain, &LABELS), Merged::Clean(executable.clone()));
        assert_eq!(merge("x", Some(&plain), &plain, &executable, &LABELS), Merged::Clean(executable));
    }

    #[test]
    fn two_new_files_at_one_path_are_shown_side_by_side() {
        let conflict = merge("x.md", None, &file("a\nb\n"), &file("a\nc\n"), &LABELS);
        let expected = "a\n<<<<<<< yours\nb\n=======\nc\n>>>>>>> new\n";
        assert_eq!(conflict, Merged::Conflict(Some(expected.into())));
    }
}
