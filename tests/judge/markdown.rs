//! Markdown: a line stands below its heading, a row below the first row of its table, what is indented below the list item, and
//! what is fenced below the fence.

use super::lines::{Kind, Line};

pub(crate) fn place(text: &str, lines: &mut [Line]) {
    let mut headings: Vec<(usize, usize)> = Vec::new();
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut fence: Option<(usize, &str)> = None;
    let mut table: Option<usize> = None;
    let sources: Vec<&str> = text.lines().map(str::trim).collect();
    for (at, source) in text.lines().enumerate() {
        let line = source.trim();
        if let Some((head, mark)) = fence {
            lines[at].parent = Some(head);
            if line.starts_with(mark) && line.trim_end_matches(['`', '~']).is_empty() {
                lines[at].kind = Kind::Closer;
                fence = None;
            } else if !line.is_empty() {
                lines[at].kind = Kind::Code;
            }
            continue;
        }
        if line.is_empty() {
            table = None;
            continue;
        }
        if table.is_some() && lines[at].kind == Kind::Comment {
            lines[at].parent = table;
            continue;
        }
        let indent = source.len() - source.trim_start().len();
        let level = line.chars().take_while(|letter| *letter == '#').count();
        if indent == 0 && (1..=6).contains(&level) && line[level..].starts_with(' ') {
            headings.retain(|(above, _)| *above < level);
            lines[at].parent = headings.last().map(|(_, head)| *head);
            headings.push((level, at));
            items.clear();
            table = None;
            continue;
        }
        items.retain(|(above, _)| *above < indent);
        lines[at].parent = items.last().or(headings.last()).map(|(_, head)| *head);
        if line.starts_with('|') {
            lines[at].parent = table.or(lines[at].parent);
            // Rows without a line below the first one are no table.
            let mut below = sources[at + 1..].iter().filter(|below| !below.starts_with("<!--"));
            let begins = below.next().is_some_and(|below| below.starts_with("|--") || below.starts_with("| --"));
            table = table.or(begins.then_some(at));
        } else {
            table = None;
        }
        if ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark)) || is_numbered(line) {
            items.push((indent, at));
        }
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark)) {
            fence = Some((at, mark));
        }
    }
}

fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "))
}
