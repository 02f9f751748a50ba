//! What a text says, unit by unit, each with the place at which it says it: the table of a key, the job of a step, the function
//! of a statement. Two texts that differ by blanks or by how code is wrapped have one outline.

mod code;
mod lines;
mod markdown;
mod markup;
mod toml;

use super::file::Format;

/// What stands between the names of nested places.
pub(super) const INSIDE: char = '\u{1f}';

/// A line, a key with its value, a statement, an entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// The names of what it stands in, from the outermost; a comment or an attribute also stands at what it was written for.
    pub(super) place: String,
    /// What it says.
    pub(super) text: String,
    /// Which of the places of one name it is.
    pub(super) scope: usize,
    /// The name that may stand only once in its scope.
    pub(super) name: Option<String>,
    /// What it is called by comments, and by what stands in it.
    pub(super) label: String,
    /// The label of what a comment was written for.
    pub(super) about: Option<String>,
    /// Whether it is an entry of a list that is written on one line.
    pub(super) inline: bool,
}

impl Unit {
    /// Where it stands and what it says.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.place, &self.text)
    }
}

/// The units of a text, in their order.
pub(super) fn of(format: Format, text: &str) -> Vec<Unit> {
    match format {
        Format::Toml => toml::units(text),
        Format::Rust => code::units(text, code::Language::Rust),
        Format::Css => code::units(text, code::Language::Css),
        Format::Markdown => attach(markdown::lines(text)),
        Format::Html => attach(markup::lines(text)),
        Format::Yaml => attach(lines::nested(text, &lines::YAML)),
        Format::Json => attach(lines::nested(text, &lines::JSON)),
        Format::Just => attach(lines::nested(text, &lines::JUST)),
        Format::Dockerfile => attach(lines::nested(text, &lines::DOCKERFILE)),
        Format::Env => attach(lines::nested(text, &lines::ENV)),
        Format::Lock | Format::Other => attach(lines::nested(text, &lines::OTHER)),
    }
}

/// Whether what begins in a page or a template of one also ends there.
pub(super) fn is_balanced(page: &str) -> bool {
    markup::is_balanced(page)
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    /// It tells of the line behind it.
    Comment,
    /// It belongs to the line behind it.
    Attribute,
    Content,
}

/// A line and what it stands in.
#[derive(Debug, Clone)]
struct Line {
    kind: Kind,
    place: String,
    scope: usize,
    text: String,
    /// What it is called by what stands in it or is written for it.
    label: String,
    name: Option<String>,
}

/// Gives comments what they were written for, and puts attributes at the line that they belong to, unless blanks come between.
fn attach(lines: Vec<Line>) -> Vec<Unit> {
    let mut next: Option<(String, String)> = None;
    let mut units = Vec::new();
    for line in lines.into_iter().rev() {
        let Line { kind, mut place, scope, text, label, name } = line;
        let about = next.as_ref().filter(|(at, _)| *at == place).map(|(_, label)| label.clone());
        match kind {
            Kind::Blank => {
                next = None;
                continue;
            }
            Kind::Content => next = Some((place.clone(), label.clone())),
            Kind::Comment => {}
            Kind::Attribute => place = attached(&place, about.as_deref().unwrap_or_default()),
        }
        let about = about.filter(|_| kind == Kind::Comment);
        units.push(Unit { place, text, scope, name, label, about, inline: false });
    }
    units.reverse();
    units
}

/// The place of what is written for `label`.
fn attached(place: &str, label: &str) -> String {
    format!("{place}{INSIDE}@{label}")
}

/// The place inside of `label`.
pub(super) fn inside(place: &str, label: &str) -> String {
    format!("{place}{INSIDE}{label}")
}
