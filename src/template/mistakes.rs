//! All that is wrong with a manifest as TOML and by its types. The parser stops at the first mistake, so what holds it is blanked
//! out and the rest parsed again.

use serde::de::DeserializeOwned;

/// Something that the parser does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The byte where it is.
    pub(super) offset: usize,
    /// What it is, in the parser's words.
    pub(super) message: String,
}

/// After this many, more of the same helps nobody.
const MOST: usize = 50;

/// What remains of a manifest without its mistakes; nothing where it cannot do without them.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<Mistake>) {
    let (mut rest, mut mistakes, mut blanked) = (text.to_owned(), Vec::new(), Vec::new());
    while mistakes.len() < MOST {
        let error = match toml::from_str(&rest) {
            Ok(manifest) => return (Some(manifest), mistakes),
            Err(error) => error,
        };
        let (offset, message) = (error.span().map_or(0, |span| span.start), error.message().to_owned());
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let lacks_key = missing.is_some();
        let is_consequence = missing.is_some_and(|key| blanked.iter().any(|blanked| blanked == key));
        if !is_consequence {
            mistakes.push(Mistake { offset, message });
        }
        // Where the whole file lacks a key, no part of it can go.
        match blank(&rest, offset).filter(|(_, key)| !lacks_key || is_header(key)) {
            Some((next, key)) => {
                rest = next;
                blanked.push(key);
            }
            None => break,
        }
    }
    (None, mistakes)
}

/// The text with blanks instead of the statement that holds `offset`, a key with its value or a whole table; and how that begins.
/// Every other byte stays where it is. Nothing where there is nothing to blank.
fn blank(text: &str, offset: usize) -> Option<(String, String)> {
    let statements = statements(text);
    let at = statements.iter().rposition(|start| *start <= offset)?;
    let begin = statements[at];
    let first = text[begin..].lines().next()?;
    let ends = |start: &&usize| !is_header(first) || is_header(&text[**start..]);
    let end = statements[at + 1..].iter().find(ends).map_or(text.len(), |start| *start);
    let blanks = |c: char| std::iter::repeat_n(if c == '\n' { c } else { ' ' }, c.len_utf8());
    let blanked: String = text[begin..end].chars().flat_map(blanks).collect();
    let key = first.split(['=', '.', ' ']).next().unwrap_or(first).to_owned();
    Some((format!("{}{blanked}{}", &text[..begin], &text[end..]), key))
}

/// Where the lines begin that open a table or hold a key; not those within a text of several lines.
fn statements(text: &str) -> Vec<usize> {
    let (mut starts, mut offset, mut within) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        if !within && (is_header(line) || is_key(line)) {
            starts.push(offset);
        }
        let quotes = line.matches("\"\"\"").count() + line.matches("'''").count();
        within ^= quotes % 2 == 1;
        offset += line.len();
    }
    starts
}

fn is_header(line: &str) -> bool {
    line.starts_with('[')
}

fn is_key(line: &str) -> bool {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    line.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty() && key.trim_end().chars().all(bare))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::manifest::FeatureManifest;

    fn messages(text: &str) -> (bool, Vec<(usize, String)>) {
        let (manifest, mistakes) = parse::<FeatureManifest>(text);
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        let told = mistakes.into_iter().map(|mistake| {
            let short = mistake.message.split(',').next().unwrap_or_default().to_owned();
            (line(mistake.offset), short)
        });
        (manifest.is_some(), told.collect())
    }

    #[test]
    fn every_mistake_is_told_once() {
        let text = "titel = \"Mail\"\nabout = 1\nrequires = [\n  \"a\",\n  2,\n]\n[[insert]]\ninto = \"a\"\nslto = \"b\"\n\n[[probe]]\n\
                    get = \"/\"\nstatus = \"200\"\n";
        let (recovered, told) = messages(text);
        let told: Vec<_> = told.iter().map(|(line, message)| (*line, message.as_str())).collect();
        assert_eq!(
            told,
            [
                (1, "unknown field `titel`"),
                (2, "invalid type: integer `1`"),
                (5, "invalid type: integer `2`"),
                (9, "unknown field `slto`"),
                (7, "missing field `slot`"),
                (13, "invalid type: string \"200\""),
            ]
        );
        assert!(recovered);
    }

    #[test]
    fn a_text_that_is_no_toml_ends() {
        for text in ["=", "[", "a = [", "\"\"\"", "[[insert]]\n[[insert]]\n", "é = \n=é"] {
            let (_, told) = messages(text);
            assert!(!told.is_empty(), "{text}");
        }
    }
}
