//! Languages with brackets: what a line stands below is the line that has opened the innermost bracket, or the first line of
//! the statement that it continues.

use super::language::Language;
use super::lines::{Kind, Line, Role, hold_above};

/// An open bracket.
struct Frame {
    /// The line that has opened it; for the rest of a text, none.
    head: Option<usize>,
    bracket: char,
    /// The first line of the statement that is under way inside.
    statement: Option<usize>,
}

/// What the scanner is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    LineComment,
    /// Comments in comments, as Rust has them.
    BlockComment(usize),
    /// Until this quote; with hashes behind it where the string is raw.
    String {
        quote: char,
        raw: Option<usize>,
    },
}

/// Gives each line its parent and its unit.
pub(crate) fn place(language: Language, text: &str, lines: &mut [Line]) {
    let mut stack = vec![Frame { head: None, bracket: '{', statement: None }];
    let mut inside = Inside::Code;
    let mut opened_at = 0;
    for (at, source) in text.lines().enumerate() {
        if matches!(inside, Inside::String { .. } | Inside::BlockComment(_)) {
            lines[at].parent = Some(opened_at);
            lines[at].unit = lines[opened_at].unit;
            if lines[at].kind != Kind::Blank {
                lines[at].kind = if matches!(inside, Inside::BlockComment(_)) { Kind::Comment } else { Kind::Code };
            }
        } else {
            begin(&mut stack, lines, at, source.trim());
        }
        scan(language, source, at, &mut stack, &mut inside, &mut opened_at);
        if inside == Inside::LineComment {
            inside = Inside::Code;
        }
        end(language, &mut stack, lines, source, inside);
    }
    if language == Language::Rust {
        attributes(text, lines);
    }
    if language == Language::Json {
        names(lines);
    }
}

/// What a line stands below, by the brackets that are open where it begins.
fn begin(stack: &mut [Frame], lines: &mut [Line], at: usize, source: &str) {
    let closers = source.chars().take_while(|letter| ")]}".contains(*letter)).count();
    let depth = stack.len().saturating_sub(closers.min(stack.len() - 1));
    if closers > 0 && depth < stack.len() {
        // What goes on behind a block, such as `} else {`, is below what began it.
        lines[at].parent = stack[depth].head;
        lines[at].unit = stack[depth].head.map_or(at, |head| lines[head].unit);
        return;
    }
    let frame = stack.last_mut().expect("the text itself");
    let continues = source.starts_with('.');
    if lines[at].kind == Kind::Blank {
        return;
    }
    if let Some(statement) = frame.statement.filter(|_| lines[at].kind == Kind::Code) {
        lines[at].parent = Some(statement);
        // A link of a chain is a whole of its own.
        if !continues {
            lines[at].unit = lines[statement].unit;
        }
        return;
    }
    lines[at].parent = frame.head;
    // What stands between round brackets is a part of the statement around them.
    if let (Some(head), '(', Kind::Code) = (frame.head, frame.bracket, lines[at].kind) {
        lines[at].unit = lines[head].unit;
    }
    if lines[at].kind == Kind::Code && !continues {
        frame.statement = Some(at);
    }
}

/// Whether the statement goes on in the next line.
fn end(language: Language, stack: &mut [Frame], lines: &[Line], source: &str, inside: Inside) {
    let code = without_comment(language, source.trim());
    let frame = stack.last_mut().expect("the text itself");
    let over = match code.chars().last() {
        Some(';' | '}' | '{' | '(' | '[') => true,
        Some(',') => language != Language::Css,
        Some(']') => frame.statement.is_some_and(|statement| lines[statement].text.starts_with('#')),
        _ => false,
    };
    if over && inside == Inside::Code {
        frame.statement = None;
    }
}

/// A line without a comment at its end, as far as one can tell.
fn without_comment(language: Language, source: &str) -> &str {
    let mark = if language == Language::Css { " /*" } else { " //" };
    source.rfind(mark).map_or(source, |at| source[..at].trim_end())
}

fn scan(
    language: Language,
    source: &str,
    at: usize,
    stack: &mut Vec<Frame>,
    inside: &mut Inside,
    opened_at: &mut usize,
) {
    let letters: Vec<char> = source.chars().collect();
    let starts =
        |from: usize, text: &str| text.chars().enumerate().all(|(n, letter)| letters.get(from + n) == Some(&letter));
    let mut from = 0;
    while from < letters.len() {
        let letter = letters[from];
        match *inside {
            Inside::LineComment => return,
            Inside::BlockComment(depth) => {
                if starts(from, "*/") {
                    *inside = if depth == 1 { Inside::Code } else { Inside::BlockComment(depth - 1) };
                    from += 1;
                } else if language == Language::Rust && starts(from, "/*") {
                    *inside = Inside::BlockComment(depth + 1);
                    from += 1;
                }
            }
            Inside::String { quote, raw } => {
                if letter == '\\' && raw.is_none() {
                    from += 1;
                } else if letter == quote && (0..raw.unwrap_or(0)).all(|n| letters.get(from + 1 + n) == Some(&'#')) {
                    from += raw.unwrap_or(0);
                    *inside = Inside::Code;
                }
            }
            Inside::Code => {
                if language != Language::Css && starts(from, "//") {
                    *inside = Inside::LineComment;
                } else if starts(from, "/*") {
                    *inside = Inside::BlockComment(1);
                    *opened_at = at;
                    from += 1;
                } else if let Some((inner, skipped)) = string(language, &letters, from) {
                    *inside = inner;
                    *opened_at = at;
                    from += skipped;
                } else if letter == '\'' && language == Language::Rust {
                    from += character(&letters, from);
                } else if "([{".contains(letter) {
                    stack.push(Frame { head: Some(at), bracket: bracket(&letters, from), statement: None });
                } else if ")]}".contains(letter) && stack.len() > 1 {
                    stack.pop();
                }
            }
        }
        from += 1;
    }
}

/// A round bracket of a macro or an attribute holds a list, as a square one does.
fn bracket(letters: &[char], from: usize) -> char {
    let before: String = letters[..from].iter().collect();
    let before = before.trim_end();
    let listed = before.ends_with('!') || before.trim_start().starts_with("#[") || before.ends_with("derive");
    if letters[from] == '(' && listed { '[' } else { letters[from] }
}

/// A string that begins here, and how many letters its beginning has beyond the first.
fn string(language: Language, letters: &[char], from: usize) -> Option<(Inside, usize)> {
    let letter = letters[from];
    if language == Language::Rust {
        let word =
            from > 0 && (letters[from - 1].is_alphanumeric() || letters[from - 1] == '_') && letters[from - 1] != 'b';
        if letter == 'r' && !word {
            let hashes = letters[from + 1..].iter().take_while(|letter| **letter == '#').count();
            if letters.get(from + 1 + hashes) == Some(&'"') {
                return Some((Inside::String { quote: '"', raw: Some(hashes) }, hashes + 1));
            }
        }
    }
    let quotes: &[char] = match language {
        Language::Rust | Language::Json => &['"'],
        Language::Script => &['"', '\'', '`'],
        _ => &['"', '\''],
    };
    quotes.contains(&letter).then_some((Inside::String { quote: letter, raw: None }, 0))
}

/// How many letters a character literal has beyond the first; a lifetime has none.
fn character(letters: &[char], from: usize) -> usize {
    match letters.get(from + 1) {
        Some('\\') => {
            let rest = letters[from + 3..].iter().position(|letter| *letter == '\'');
            rest.map_or(0, |end| end + 3)
        }
        Some(_) if letters.get(from + 2) == Some(&'\'') => 2,
        _ => 0,
    }
}

/// Attributes and doc comments belong to the item below them.
fn attributes(text: &str, lines: &mut [Line]) {
    let starts: Vec<bool> = text.lines().map(|line| line.trim().starts_with("#[")).collect();
    for at in 0..lines.len() {
        let doc = lines[at].text.starts_with("///") && !lines[at].text.starts_with("////");
        if !starts[at] && !doc || lines[at].kind == Kind::Blank {
            continue;
        }
        let parent = lines[at].parent;
        let is_item = |below: &usize| {
            lines[*below].parent == parent
                && lines[*below].kind == Kind::Code
                && !starts[*below]
                && !lines[*below].text.starts_with("//")
        };
        // A line that another attribute spans has that attribute as its parent.
        if let Some(item) = (at + 1..lines.len()).take_while(|below| within(lines, *below, parent)).find(is_item) {
            lines[at].parent = Some(item);
            lines[at].role = Role::Above;
        }
    }
}

/// Whether a line stands somewhere below `parent`; lines above an item have it as their parent, and are passed over.
fn within(lines: &[Line], line: usize, parent: Option<usize>) -> bool {
    parent.is_none_or(|parent| {
        lines[line].kind == Kind::Blank
            || std::iter::successors(Some(line), |above| lines[*above].parent).take(99).any(|it| it == parent)
    })
}

/// An object in a list is told from others by its name, or by what stands in it first.
fn names(lines: &mut [Line]) {
    const NAMES: [&str; 6] = ["\"name\"", "\"label\"", "\"id\"", "\"key\"", "\"type\"", "\"title\""];
    let heads: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].text == "{").collect();
    for head in heads {
        let inner: Vec<&Line> = lines.iter().filter(|line| line.parent == Some(head) && line.counts()).collect();
        let named = NAMES.iter().find_map(|name| inner.iter().find(|line| line.text.starts_with(name)));
        let label = named.or(inner.first()).map(|line| line.text.clone());
        lines[head].label = label;
    }
}

/// Comments directly above a stage, a table or a recipe belong to it.
pub(crate) fn comments_above(lines: &mut [Line], is_item: impl Fn(&Line) -> bool) {
    hold_above(lines, |line| line.kind == Kind::Comment, is_item);
}
