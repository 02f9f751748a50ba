//! HTML, and the templates that make it: elements and the blocks of the template nest lines.

use super::{Kind, Line, inside};

/// Elements that hold nothing.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// Elements that end with what they stand in, if nobody ends them before.
const MAY_STAY_OPEN: [&str; 11] = ["dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// Blocks of templates that have an end.
const BLOCKS: [&str; 7] = ["block", "if", "for", "match", "macro", "call", "filter"];

/// The lines of a text, each in the elements and blocks that are open where it begins.
pub(super) fn lines(text: &str) -> Vec<Line> {
    read(text).0
}

/// Whether everything that begins also ends, and nothing else ends.
pub(super) fn is_balanced(text: &str) -> bool {
    read(text).1
}

fn read(text: &str) -> (Vec<Line>, bool) {
    let mut open: Vec<Open> = Vec::new();
    let mut lines = Vec::new();
    let mut is_balanced = true;
    // What has begun on a line above and has not ended: a tag, a statement, a comment.
    let mut pending: Option<Pending> = None;
    for line in text.lines() {
        let text = line.trim();
        let place = open.iter().fold(String::new(), |place, open| inside(&place, &open.label));
        let place = pending.iter().fold(place, |place, pending| inside(&place, &pending.label));
        let kind = match text {
            "" => Kind::Blank,
            text if text.starts_with("<!--") || text.starts_with("{#") => Kind::Comment,
            _ => Kind::Content,
        };
        lines.push(Line { kind, place, scope: 0, text: text.to_owned(), label: text.to_owned(), name: None });
        is_balanced &= scan(line, text, &mut open, &mut pending);
    }
    (lines, is_balanced && open.is_empty() && pending.is_none())
}

struct Open {
    name: String,
    label: String,
}

/// Something in brackets, and the brackets that end it.
struct Pending {
    end: &'static str,
    content: String,
    label: String,
}

fn scan(line: &str, label: &str, open: &mut Vec<Open>, pending: &mut Option<Pending>) -> bool {
    let (mut rest, mut is_balanced) = (line, true);
    loop {
        if let Some(mut begun) = pending.take() {
            let Some(at) = rest.find(begun.end) else {
                begun.content.push_str(rest);
                begun.content.push(' ');
                *pending = Some(begun);
                return is_balanced;
            };
            begun.content.push_str(&rest[..at]);
            rest = &rest[at + begun.end.len()..];
            is_balanced &= finish(&begun, open);
            continue;
        }
        // What a script or a style sheet says is no markup.
        if let Some(raw) = open.last().filter(|open| matches!(open.name.as_str(), "script" | "style")) {
            let end = format!("</{}", raw.name);
            let Some(at) = rest.find(&end) else { return is_balanced };
            rest = &rest[at..];
        }
        let begins = [("<!--", "-->"), ("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<", ">")];
        let found = begins.iter().filter_map(|(begin, end)| Some((rest.find(begin)?, *begin, *end)));
        let Some((at, begin, end)) = found.min_by_key(|(at, begin, _)| (*at, usize::MAX - begin.len())) else {
            return is_balanced;
        };
        rest = &rest[at + begin.len()..];
        *pending = Some(Pending { end, content: begin.to_owned(), label: label.to_owned() });
    }
}

/// Opens or closes what a tag or a statement does; false where it closes something that is not open, or something around what is.
fn finish(begun: &Pending, open: &mut Vec<Open>) -> bool {
    let words = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned();
    if let Some(statement) = begun.content.strip_prefix("{%") {
        let statement = statement.trim_start_matches(['-', '+', '~']).trim_start();
        let word = words(statement);
        if let Some(name) = word.strip_prefix("end") {
            return close(open, &format!("%{name}"));
        }
        if matches!(word.as_str(), "else" | "elif" | "when") {
            let Some(last) = open.last_mut().filter(|last| last.name.starts_with('%')) else { return false };
            last.label.clone_from(&begun.label);
        } else if BLOCKS.contains(&word.as_str()) {
            open.push(Open { name: format!("%{word}"), label: begun.label.clone() });
        }
        return true;
    }
    let Some(tag) = begun.content.strip_prefix('<').filter(|tag| !tag.starts_with("!--")) else { return true };
    if let Some(tag) = tag.strip_prefix('/') {
        return close(open, &words(tag).to_ascii_lowercase());
    }
    if tag.starts_with(char::is_alphabetic) && !tag.ends_with('/') {
        let name = words(tag).to_ascii_lowercase();
        if !VOID.contains(&name.as_str()) {
            open.push(Open { name, label: begun.label.clone() });
        }
    }
    true
}

/// An element ends, and those in it that were never closed.
fn close(open: &mut Vec<Open>, name: &str) -> bool {
    let Some(at) = open.iter().rposition(|open| open.name == name) else { return false };
    open.drain(at..).skip(1).all(|open| MAY_STAY_OPEN.contains(&open.name.as_str()))
}
