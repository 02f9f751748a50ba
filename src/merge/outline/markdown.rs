//! Markdown: what stands below a heading, in a table, in a block of code, in an entry of a list.

use super::{Kind, Line, inside};

/// The lines of a text, each below its headings.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    // Entries of lists that are open: the indentation and the name.
    let mut entries: Vec<(usize, String)> = Vec::new();
    let (mut table, mut fence): (Option<String>, Option<(String, String)>) = (None, None);
    let mut source = text.lines().peekable();
    while let Some(line) = source.next() {
        let text = line.trim();
        let indentation = line.len() - line.trim_start().len();
        let mut kind = if text.is_empty() { Kind::Blank } else { Kind::Content };
        let mut place = headings.iter().fold(String::new(), |place, (_, name)| inside(&place, name));
        if let Some((mark, name)) = &fence {
            place = inside(&place, name);
            if text == mark {
                fence = None;
            }
            // Code with a blank line in it is one block.
            if kind == Kind::Content {
                lines.push(content(kind, place, line.trim_end()));
            }
            continue;
        }
        if text.starts_with("```") || text.starts_with("~~~") {
            let name = format!("{text} {}", source.peek().map_or("", |first| first.trim()));
            fence = Some((text[..3].to_owned(), name));
        } else if let Some(level) = heading(line) {
            headings.retain(|(above, _)| *above < level);
            entries.clear();
            place = headings.iter().fold(String::new(), |place, (_, name)| inside(&place, name));
            headings.push((level, text.to_owned()));
        } else if text.starts_with('|') {
            // Rows without a header are a table that somebody has cut.
            let is_header =
                source.peek().is_some_and(|next| next.trim().starts_with(['|', '-']) && next.contains("--"));
            let name = table.get_or_insert_with(|| if is_header { text.to_owned() } else { "|".to_owned() });
            place = inside(&place, name);
        } else if kind == Kind::Content {
            if indentation == 0 && !is_entry(text) {
                entries.clear();
            }
            entries.retain(|(above, _)| *above < indentation);
            place = entries.iter().fold(place, |place, (_, name)| inside(&place, name));
            if is_entry(text) {
                entries.push((indentation, text.to_owned()));
            }
            if text.starts_with("<!--") {
                kind = Kind::Comment;
            }
        }
        if !text.starts_with('|') && kind != Kind::Comment {
            table = None;
        }
        lines.push(content(kind, place, text));
    }
    lines
}

fn content(kind: Kind, place: String, text: &str) -> Line {
    Line { kind, place, scope: 0, text: text.to_owned(), label: text.to_owned(), name: None }
}

fn heading(line: &str) -> Option<usize> {
    let level = line.len() - line.trim_start_matches('#').len();
    ((1..=6).contains(&level) && line[level..].starts_with(' ')).then_some(level)
}

fn is_entry(text: &str) -> bool {
    let number = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    ["- ", "* ", "+ "].iter().any(|mark| text.starts_with(mark))
        || (number.len() < text.len() && number.starts_with(". "))
}
