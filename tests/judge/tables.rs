//! TOML, and what has sections like it: a line stands below its table, and inside of a value over several lines below its key.

use super::lines::{Kind, Line};
use super::scan::comments_above;

pub(crate) fn place(text: &str, lines: &mut [Line]) {
    let mut table = None;
    let mut value: Option<usize> = None;
    let mut depth = 0_usize;
    let mut string: Option<&str> = None;
    for (at, source) in text.lines().enumerate() {
        if let Some(key) = value {
            lines[at].parent = Some(key);
            if string.is_some() && lines[at].kind != Kind::Blank {
                lines[at].kind = Kind::Code;
            }
        } else if lines[at].kind == Kind::Code && source.trim_start().starts_with('[') {
            table = Some(at);
            continue;
        } else {
            lines[at].parent = table;
        }
        (depth, string) = open(source, depth, string);
        value = (depth > 0 || string.is_some()).then(|| value.unwrap_or(at));
    }
    comments_above(lines, |line| line.parent.is_none() && line.kind == Kind::Code && line.text.starts_with('['));
    let heads: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].text.starts_with("[[")).collect();
    for head in heads {
        let inner = lines.iter().filter(|line| line.parent == Some(head) && line.kind == Kind::Code);
        let named = inner.clone().find(|line| line.text.starts_with("name")).or_else(|| inner.clone().next());
        lines[head].label = named.map(|line| format!("{} {}", lines[head].text, line.text));
    }
}

/// How many brackets are open behind a line, and which string over several lines.
fn open<'a>(source: &str, mut depth: usize, mut string: Option<&'a str>) -> (usize, Option<&'a str>) {
    let mut rest = source;
    loop {
        if let Some(end) = string {
            match rest.find(end) {
                Some(at) => (rest, string) = (&rest[at + end.len()..], None),
                None => return (depth, string),
            }
            continue;
        }
        let Some(letter) = rest.chars().next() else { return (depth, string) };
        if let Some(quote) = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(quote)) {
            (rest, string) = (&rest[3..], Some(quote));
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match letter {
            '#' => return (depth, string),
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '\'' => rest = rest.split_once('\'').map_or("", |(_, rest)| rest),
            '"' => rest = behind_quote(rest),
            _ => {}
        }
    }
}

fn behind_quote(rest: &str) -> &str {
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => _ = letters.next(),
            '"' => return &rest[at + 1..],
            _ => {}
        }
    }
    ""
}
