//! What is indented: a line stands below the nearest line above with less indentation.

use super::language::Language;
use super::lines::{Kind, Line, Role};
use super::scan::comments_above;

pub(crate) fn place(language: Language, text: &str, lines: &mut [Line]) {
    if language == Language::Docker {
        stages(text, lines);
        return;
    }
    let mut above: Vec<(usize, usize)> = Vec::new();
    let mut scalar: Option<(usize, usize)> = None;
    for (at, source) in text.lines().enumerate() {
        let line = source.trim();
        if line.is_empty() {
            continue;
        }
        let indent = source.len() - source.trim_start().len();
        if let Some((head, depth)) = scalar {
            if indent > depth {
                lines[at].parent = Some(head);
                lines[at].kind = Kind::Code;
                continue;
            }
            scalar = None;
        }
        let is_item = language == Language::Yaml && (line == "-" || line.starts_with("- "));
        // A list may stand at the indentation of its key.
        let is_key = |head: usize| !lines[head].text.starts_with('-') && lines[head].text.ends_with(':');
        let stands_below =
            |(depth, head): &(usize, usize)| *depth < indent || is_item && *depth == indent && is_key(*head);
        while above.last().is_some_and(|last| !stands_below(last)) && lines[at].kind != Kind::Comment {
            above.pop();
        }
        lines[at].parent = above.iter().rev().find(|last| stands_below(last)).map(|(_, head)| *head);
        if lines[at].kind == Kind::Comment {
            continue;
        }
        above.push((indent, at));
        if language == Language::Yaml && is_block(line) {
            scalar = Some((at, indent));
        }
    }
    if language == Language::Just {
        let attribute = |line: &Line| line.text.starts_with('[');
        super::lines::hold_above(
            lines,
            |line| line.parent.is_none() && attribute(line),
            |line| line.kind == Kind::Code,
        );
    }
}

/// Whether a text over several lines begins behind this one.
fn is_block(line: &str) -> bool {
    let mark = line.rsplit(": ").next().unwrap_or_default().trim_start_matches("- ");
    let mut letters = mark.chars();
    matches!(letters.next(), Some('|' | '>')) && letters.all(|letter| "+-0123456789".contains(letter))
}

/// A line of a Dockerfile stands below its stage, or below the first line of the instruction that it continues.
fn stages(text: &str, lines: &mut [Line]) {
    let mut stage = None;
    let mut instruction: Option<usize> = None;
    for (at, source) in text.lines().enumerate() {
        let line = source.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(head) = instruction {
            lines[at].parent = Some(head);
            lines[at].unit = if lines[at].kind == Kind::Comment { at } else { head };
        } else if line.to_ascii_uppercase().starts_with("FROM ") {
            stage = Some(at);
        } else {
            lines[at].parent = stage;
        }
        if lines[at].kind != Kind::Comment {
            instruction = line.ends_with('\\').then(|| instruction.unwrap_or(at));
        }
    }
    comments_above(lines, |line| {
        line.kind == Kind::Code && line.role == Role::Inner && line.text.to_ascii_uppercase().starts_with("FROM ")
    });
}
