//! A text as lines that know below which line they stand.

use super::language::Language;
use super::{html, indented, markdown, scan, tables};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nothing stands in it.
    Blank,
    /// Closing brackets alone; whether they are right, a parser says.
    Closer,
    /// A comment alone.
    Comment,
    /// Everything else.
    Code,
}

/// How a line belongs to the one that it stands below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Inside.
    Inner,
    /// Attributes and doc comments, which stand above the line that they belong to.
    Above,
}

/// One line of a text.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Without the blanks around it, and without a comma at its end.
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    /// The line that it stands below; none at the top.
    pub(crate) parent: Option<usize>,
    /// The first line of the statement, value or declaration that this line is a part of.
    pub(crate) unit: usize,
    /// What tells this line from others with the same text, when lines below it say more than it does.
    pub(crate) label: Option<String>,
}

impl Line {
    /// Whether the line is one that the judge counts.
    pub(crate) fn counts(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Code)
    }
}

/// The lines of a text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) lines: Vec<Line>,
}

impl Text {
    /// Reads a text as its language says.
    pub(crate) fn parse(language: Language, text: &str) -> Self {
        let mut lines: Vec<Line> = text.lines().enumerate().map(|(at, line)| plain(language, at, line)).collect();
        match language {
            Language::Rust | Language::Css | Language::Script | Language::Json => {
                scan::place(language, text, &mut lines);
            }
            Language::Toml | Language::Sections => tables::place(text, &mut lines),
            Language::Markdown => markdown::place(text, &mut lines),
            Language::Html => html::place(text, &mut lines),
            Language::Yaml | Language::Just | Language::Docker | Language::Other => {
                indented::place(language, text, &mut lines);
            }
            Language::Flat => {}
        }
        Self { lines }
    }

    /// The same lines, none below another: all that can be said of a text that cannot be read.
    pub(crate) fn flat(language: Language, text: &str) -> Self {
        Self { lines: text.lines().enumerate().map(|(at, line)| plain(language, at, line)).collect() }
    }

    /// The lines above `line` that it stands below, from the nearest.
    pub(crate) fn above(&self, line: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.lines[line].parent, |above| self.lines[*above].parent)
    }
}

fn plain(language: Language, at: usize, line: &str) -> Line {
    let text = line.trim();
    let kind =
        if text.is_empty() || language.is_comment(text) && !text.contains(|letter: char| letter.is_alphanumeric()) {
            Kind::Blank
        } else if language.is_comment(text) {
            Kind::Comment
        } else if language == Language::Html && html::closes(text)
            || language.has_brackets() && text.chars().all(|letter| ")]};,?".contains(letter))
        {
            Kind::Closer
        } else {
            Kind::Code
        };
    let text = if language.has_brackets() { text.strip_suffix(',').unwrap_or(text) } else { text };
    Line { text: text.to_owned(), kind, role: Role::Inner, parent: None, unit: at, label: None }
}

/// Makes lines that stand directly above another one, with no blank line between, belong to it.
pub(crate) fn hold_above(lines: &mut [Line], holds: impl Fn(&Line) -> bool, is_item: impl Fn(&Line) -> bool) {
    let mut item: Option<usize> = None;
    for at in (0..lines.len()).rev() {
        if holds(&lines[at]) {
            if let Some(item) = item {
                lines[at].parent = Some(item);
                lines[at].role = Role::Above;
            }
        } else {
            item = is_item(&lines[at]).then_some(at);
        }
    }
}
