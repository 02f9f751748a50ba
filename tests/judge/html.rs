//! HTML with the blocks of askama: a line stands below the line that has opened the innermost element or block.

use super::lines::{Kind, Line};

const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "!doctype"];
const BLOCKS: [&str; 7] = ["if", "for", "block", "match", "macro", "call", "filter"];
const BRANCHES: [&str; 3] = ["else", "elif", "when"];

/// A tag or a block mark.
enum Mark {
    Open(String),
    Close(String),
    /// The end of one branch and the beginning of the next.
    Branch,
}

pub(crate) fn place(text: &str, lines: &mut [Line]) {
    let mut stack: Vec<(String, usize)> = Vec::new();
    // A tag may go on over several lines.
    let mut tag: Option<(usize, String)> = None;
    for (at, source) in text.lines().enumerate() {
        let line = source.trim();
        if line.is_empty() {
            continue;
        }
        let (marks, first_closes, only_closes) = if let Some((head, begun)) = &tag {
            lines[at].parent = Some(*head);
            (vec![format!("{begun} {line}")], false, false)
        } else {
            lines[at].parent = stack.last().map(|(_, head)| *head);
            let closes =
                |line: &str| line.starts_with("</") || line.starts_with("{% end") || line.starts_with("{%- end");
            (
                vec![line.to_owned()],
                closes(line),
                closes(line) && marks(line).0.iter().all(|mark| matches!(mark, Mark::Close(_))),
            )
        };
        let begun = tag.as_ref().map(|(head, _)| *head);
        let (found, open) = self::marks(&marks[0]);
        tag = open.map(|open| (begun.unwrap_or(at), open));
        let head = begun.unwrap_or(at);
        for (number, mark) in found.into_iter().enumerate() {
            match mark {
                Mark::Open(name) => stack.push((name, head)),
                Mark::Close(name) => {
                    if let Some(depth) = stack.iter().rposition(|(open, _)| *open == name) {
                        if number == 0 && first_closes {
                            lines[at].parent = Some(stack[depth].1);
                        }
                        stack.truncate(depth);
                    }
                }
                Mark::Branch => {
                    if let Some((_, opened)) = stack.last_mut().filter(|(name, _)| name.starts_with('%')) {
                        if number == 0 {
                            lines[at].parent = Some(*opened);
                        }
                        *opened = head;
                    }
                }
            }
        }
        let ends = line.rfind(['>', '}']).map_or(0, |end| end + 1);
        if only_closes && line[ends..].trim().is_empty() && !line.replace("</", "").contains('<') {
            lines[at].kind = Kind::Closer;
        }
    }
}

/// Whether a line closes one element or block, and does nothing else.
pub(crate) fn closes(line: &str) -> bool {
    let only = |open: &str, close: &str| {
        line.starts_with(open) && line.ends_with(close) && line.matches(['<', '{']).count() == 1
    };
    only("</", ">") || only("{% end", "%}")
}

/// Whether each element and block that is opened is closed, and the other way round.
pub(crate) fn is_balanced(text: &str) -> bool {
    let mut stack = Vec::new();
    let (marks, rest) = marks(&text.replace('\n', " "));
    for mark in marks {
        match mark {
            Mark::Open(name) => stack.push(name),
            Mark::Close(name) => {
                if stack.pop() != Some(name) {
                    return false;
                }
            }
            Mark::Branch => {}
        }
    }
    stack.is_empty() && rest.is_none()
}

/// The marks of a line, and the beginning of a tag that does not end in it.
fn marks(line: &str) -> (Vec<Mark>, Option<String>) {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['<', '{']) {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
        } else if let Some(inner) = rest.strip_prefix("{#") {
            rest = inner.split_once("#}").map_or("", |(_, rest)| rest);
        } else if let Some(inner) = rest.strip_prefix("{{") {
            rest = inner.split_once("}}").map_or("", |(_, rest)| rest);
        } else if let Some(inner) = rest.strip_prefix("{%") {
            let (block, behind) = inner.split_once("%}").unwrap_or((inner, ""));
            found.extend(block_mark(block));
            rest = behind;
        } else if rest.starts_with('<') {
            match tag_end(rest) {
                Some(end) => {
                    found.extend(tag_mark(&rest[1..end]));
                    rest = &rest[end + 1..];
                }
                None if rest[1..].starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
                    return (found, Some(rest.to_owned()));
                }
                None => rest = &rest[1..],
            }
        } else {
            rest = &rest[1..];
        }
    }
    (found, None)
}

/// Where a tag ends: not in a string, and not in a block of askama.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '"' | '\'' if quote.is_none() => quote = Some(letter),
            _ if quote == Some(letter) => quote = None,
            '>' if quote.is_none() => return (before != '<').then_some(at),
            _ => {}
        }
        before = letter;
    }
    None
}

fn tag_mark(tag: &str) -> Option<Mark> {
    let name = |text: &str| {
        text.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap_or("").to_ascii_lowercase()
    };
    if let Some(closed) = tag.strip_prefix('/') {
        return Some(Mark::Close(name(closed)));
    }
    let name = name(tag);
    let is_void = name.is_empty() || tag.ends_with('/') || VOID.contains(&name.as_str());
    (!is_void).then_some(Mark::Open(name))
}

fn block_mark(block: &str) -> Option<Mark> {
    let word = block.trim_matches(['-', '+', '~', ' ']).split_whitespace().next().unwrap_or("");
    if let Some(closed) = word.strip_prefix("end") {
        return Some(Mark::Close(format!("%{closed}")));
    }
    if BRANCHES.contains(&word) {
        return Some(Mark::Branch);
    }
    BLOCKS.contains(&word).then(|| Mark::Open(format!("%{word}")))
}
