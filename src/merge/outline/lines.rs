//! Texts in which indentation says what a line stands in.

use super::{INSIDE, Kind, Line, inside};

/// How a format is written.
pub(super) struct Style {
    /// What a comment begins with.
    comments: &'static [&'static str],
    /// Lines of this kind begin a part that lasts until the next of them, whatever the indentation.
    heading: fn(&str) -> bool,
    /// Lines that are written for the line behind them, as comments are.
    attribute: fn(&str) -> bool,
    /// What a line is called by what stands in it.
    label: fn(&str) -> &str,
    /// The name that may stand only once beside its like.
    name: fn(&str) -> Option<&str>,
    /// Whether a dash begins an entry of a list, at the indentation of its parent or below.
    dashes: bool,
    /// Whether lines of brackets alone say nothing, and commas end no line.
    brackets: bool,
}

const PLAIN: Style = Style {
    comments: &["#", "//", "-- ", "<!--"],
    heading: |_| false,
    attribute: |_| false,
    label: str::trim,
    name: |_| None,
    dashes: false,
    brackets: false,
};

pub(super) const OTHER: Style = PLAIN;

pub(super) const YAML: Style =
    Style { comments: &["#"], label: yaml_label, name: |line| entry(line, ':'), dashes: true, ..PLAIN };

pub(super) const JSON: Style =
    Style { comments: &["//", "/*"], label: json_label, name: json_key, brackets: true, ..PLAIN };

pub(super) const JUST: Style =
    Style { comments: &["#"], attribute: |line| line.starts_with('['), label: recipe, ..PLAIN };

pub(super) const DOCKERFILE: Style =
    Style { comments: &["#"], heading: |line| line.starts_with("FROM "), label: stage, ..PLAIN };

pub(super) const ENV: Style = Style { comments: &["#"], name: |line| entry(line, '='), ..PLAIN };

/// What the name of a text that is taken as it is ends in.
const VERBATIM: char = '\u{1e}';

/// The lines of a text, each below the nearest line above it with less indentation.
pub(super) fn nested(text: &str, style: &Style) -> Vec<Line> {
    let logical = logical(text);
    let mut lines = Vec::new();
    // What is open: its indentation, its name, and the line that it begins with.
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    let mut is_verbatim = false;
    for (at, line) in logical.iter().enumerate() {
        let text = content(line, style);
        if text.is_empty() {
            let kind = if line.trim().is_empty() { Kind::Blank } else { continue };
            lines.push(Line {
                kind,
                place: String::new(),
                scope: 0,
                text: String::new(),
                label: String::new(),
                name: None,
            });
            continue;
        }
        let depth = depth(line, style);
        let is_heading = (style.heading)(text);
        let around = open.iter().filter(|(parent, ..)| *parent < depth && !is_heading);
        let around = around.cloned().collect::<Vec<_>>();
        is_verbatim &= around.iter().any(|(_, name, _)| name.ends_with(VERBATIM));
        let place = around.iter().fold(String::new(), |place, (_, name, _)| inside(&place, name));
        let scope = around.last().map_or(0, |(.., begin)| *begin + 1);
        let kind = match style.comments.iter().any(|mark| text.starts_with(mark)) && !is_verbatim {
            true => Kind::Comment,
            false if (style.attribute)(text) => Kind::Attribute,
            false => Kind::Content,
        };
        // A comment ends nothing, wherever it stands.
        if kind == Kind::Content {
            open = around;
        }
        let mut label = (style.label)(text).to_owned();
        if is_weak(text, style) {
            // A name that many have tells nothing: what stands there first tells them apart.
            let first = logical[at + 1..].iter().map(|line| content(line, style)).find(|line| !line.is_empty());
            label = format!("{label} {}", first.unwrap_or_default());
        }
        if style.dashes && is_scalar(text) {
            is_verbatim = true;
            label.push(VERBATIM);
        }
        let name = if kind == Kind::Content && (!is_verbatim || is_scalar(text)) { (style.name)(text) } else { None };
        let name = name.map(ToOwned::to_owned);
        lines.push(Line { kind, place, scope, text: text.to_owned(), label: label.clone(), name });
        if kind == Kind::Content {
            open.push((if is_heading { 0 } else { depth }, label, at));
        }
    }
    lines
}

/// The lines, where one that ends in a backslash goes on in the next.
fn logical(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => {
                last.push('\n');
                last.push_str(line);
            }
            None => lines.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\');
    }
    lines
}

/// What a line says.
fn content<'a>(line: &'a str, style: &Style) -> &'a str {
    let text = line.trim();
    if !style.brackets {
        return text;
    }
    let text = text.trim_end_matches(',');
    if text.chars().all(|letter| "{}[]".contains(letter)) && !text.starts_with('{') { "" } else { text }
}

/// How deep a line stands. What stands in an entry of a list stands deeper than its dash, and the dash deeper than a key at the
/// same indentation.
fn depth(line: &str, style: &Style) -> usize {
    let indentation: usize = line.chars().take_while(|letter| letter.is_whitespace()).map(width).sum();
    let is_entry = style.dashes && (line.trim_start().starts_with("- ") || line.trim() == "-");
    2 + 2 * indentation + usize::from(is_entry)
}

fn width(blank: char) -> usize {
    if blank == '\t' { 4 } else { 1 }
}

/// Whether a line has no name of its own.
fn is_weak(text: &str, style: &Style) -> bool {
    if style.brackets {
        text == "{" || text == "["
    } else {
        style.dashes && text.starts_with('-') && (is_scalar(text) || text.ends_with([':', '-']))
    }
}

/// Whether the lines below are a text.
fn is_scalar(text: &str) -> bool {
    [": |", ": >", ": |-", ": >-", ": |+", ": >+"].iter().any(|end| text.ends_with(end))
        || text == "- |"
        || text == "- >"
}

/// `name` of `name: value` or `NAME=value`.
fn entry(line: &str, sign: char) -> Option<&str> {
    let (name, rest) = line.split_once(sign)?;
    let is_name = !name.is_empty() && !name.contains([' ', '#', '{', '[', '"', '\'', INSIDE]) && !name.starts_with('-');
    (is_name && (sign == '=' || rest.is_empty() || rest.starts_with(' '))).then_some(name)
}

fn yaml_label(line: &str) -> &str {
    if let Some(uses) = line.strip_prefix("- uses:") {
        return uses.split('@').next().unwrap_or(uses);
    }
    entry(line, ':').unwrap_or(line)
}

fn json_key(line: &str) -> Option<&str> {
    let name = line.strip_prefix('"')?;
    let (name, rest) = name.split_once('"')?;
    rest.starts_with(':').then_some(name)
}

fn json_label(line: &str) -> &str {
    json_key(line).unwrap_or(line)
}

/// The name of a recipe: `name` of `name parameter: dependency`.
fn recipe(line: &str) -> &str {
    if line.contains(":=") {
        return line;
    }
    match line.split_once(':') {
        Some((head, _)) => head.split_whitespace().next().unwrap_or(head),
        None => line,
    }
}

/// The name of a stage, or its image without the version.
fn stage(line: &str) -> &str {
    let Some(image) = line.strip_prefix("FROM ") else { return line };
    match image.rsplit_once(" AS ") {
        Some((_, name)) => name,
        None => image.split(':').next().unwrap_or(image),
    }
}
