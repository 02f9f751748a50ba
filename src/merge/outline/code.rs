//! Rust and CSS: each statement, declaration and entry of a list in the blocks that it stands in, however it is wrapped.

use super::super::tokens::{Token, tokens};
use super::{Unit, attached, inside};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Css,
}

/// What begins an item that has a name.
const ITEMS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "mod", "macro_rules", "const", "static"];

/// The units of code, in their order.
pub(super) fn units(text: &str, language: Language) -> Vec<Unit> {
    let mut reader = Reader {
        language,
        tokens: tokens(text).0,
        at: 0,
        line: 0,
        blocks: vec![Block::new(String::new(), Ends::Statements)],
        current: Vec::new(),
        begun: 0,
        written_for_next: Vec::new(),
        last: None,
        scopes: 0,
        units: Vec::new(),
    };
    while reader.at < reader.tokens.len() {
        reader.token();
    }
    reader.end_unit(false);
    reader.release();
    reader.units
}

/// What ends a unit in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A semicolon, or a block.
    Statements,
    /// A comma: fields, variants, arms.
    Entries,
    /// A comma, in the list of an import or an array, which is one statement.
    List,
}

#[derive(Debug)]
struct Block {
    place: String,
    ends: Ends,
    /// The round brackets that are open in it.
    depth: usize,
    scope: usize,
    /// The line of the bracket that it began with.
    line: usize,
    /// Whether the text around it goes on behind it.
    label: String,
}

impl Block {
    fn new(place: String, ends: Ends) -> Self {
        Self { place, ends, depth: 0, scope: 0, line: 0, label: String::new() }
    }
}

struct Reader<'a> {
    language: Language,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// The line of the token.
    line: usize,
    blocks: Vec<Block>,
    current: Vec<&'a str>,
    /// The line at which the current unit began.
    begun: usize,
    /// Comments and attributes that wait for what they were written for, and their scope.
    written_for_next: Vec<String>,
    /// The name of the unit that ended last, for comments behind it, and its line.
    last: Option<(String, usize)>,
    scopes: usize,
    units: Vec<Unit>,
}

impl Reader<'_> {
    fn token(&mut self) {
        let Token { blanks, text } = self.tokens[self.at];
        let lines = blanks.matches('\n').count();
        self.line += lines;
        if lines > 1 && self.current.is_empty() && !self.written_for_next.is_empty() && !self.is_attribute_last() {
            self.release();
        }
        let start = self.line;
        self.line += text.matches('\n').count();
        self.at += 1;
        let is_top = self.blocks.last().is_none_or(|block| block.depth == 0);
        match text {
            _ if text.starts_with("//") || text.starts_with("/*") => self.comment(text, start),
            "#" if self.language == Language::Rust && self.current.is_empty() && self.next_is(&["[", "!"]) => {
                self.attribute();
            }
            "{" => self.open(self.brace(), start),
            "[" if self.begins_array() => self.open(Ends::List, start),
            "}" => self.close(),
            "]" if self.blocks.len() > 1 && is_top && self.is_array() => self.close(),
            ";" if is_top => self.end_unit(true),
            "," if is_top && self.ends_at_comma() => self.end_unit(true),
            _ => {
                if let Some(block) = self.blocks.last_mut() {
                    match text {
                        "(" | "[" => block.depth += 1,
                        ")" | "]" => block.depth = block.depth.saturating_sub(1),
                        _ => {}
                    }
                }
                if self.current.is_empty() {
                    self.begun = start;
                }
                self.current.push(text);
            }
        }
    }

    fn next_is(&self, texts: &[&str]) -> bool {
        self.tokens.get(self.at).is_some_and(|token| texts.contains(&token.text))
    }

    fn is_attribute_last(&self) -> bool {
        self.written_for_next.last().is_some_and(|text| text.starts_with('#'))
    }

    fn place(&self) -> &str {
        self.blocks.last().map_or("", |block| &block.place)
    }

    fn is_array(&self) -> bool {
        self.blocks.last().is_some_and(|block| block.ends == Ends::List && block.label == "[")
    }

    /// A comment behind a statement was written for it; one in the middle of it, for it as well; one above, for the next.
    fn comment(&mut self, text: &str, start: usize) {
        let text = text.trim_end();
        if !self.current.is_empty() {
            let label = label(&self.current);
            self.push(attached(self.place(), &label), text.to_owned(), false);
        } else if let Some((label, _)) =
            self.last.as_ref().filter(|(_, line)| *line == start && self.written_for_next.is_empty())
        {
            let place = attached(self.place(), label);
            self.push(place, text.to_owned(), false);
        } else {
            self.written_for_next.push(text.to_owned());
        }
    }

    /// Comments that were written for nothing in particular.
    fn release(&mut self) {
        for text in std::mem::take(&mut self.written_for_next) {
            self.push(self.place().to_owned(), text, false);
        }
    }

    fn attribute(&mut self) {
        let mut depth = 0;
        let mut texts = vec!["#"];
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            self.line += token.blanks.matches('\n').count() + token.text.matches('\n').count();
            texts.push(token.text);
            match token.text {
                "[" => depth += 1,
                "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 && token.text == "]" {
                break;
            }
        }
        // What is derived is a list; the order and a comma at the end do not matter.
        let text = texts.join(" ");
        if texts.get(1) == Some(&"!") {
            self.push(self.place().to_owned(), text, false);
        } else {
            self.written_for_next.push(text);
        }
    }

    /// What kind of block begins here.
    fn brace(&self) -> Ends {
        if self.current.contains(&"use") && self.current.iter().all(|token| is_path(token)) {
            return Ends::List;
        }
        // In a list of imports, a list of imports.
        if self.blocks.last().is_some_and(|block| block.ends == Ends::List && block.label == "use") {
            return Ends::List;
        }
        if self.language == Language::Css {
            return Ends::Statements;
        }
        let (mut depth, mut has_entries) = (0, false);
        for token in &self.tokens[self.at..] {
            match token.text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" if depth == 0 => break,
                "}" | ")" | "]" => depth -= 1,
                ";" if depth == 0 => return Ends::Statements,
                "," if depth == 0 => has_entries = true,
                _ => {}
            }
        }
        if has_entries { Ends::Entries } else { Ends::Statements }
    }

    /// Whether a bracket begins an array, and no index, type or pattern.
    fn begins_array(&self) -> bool {
        self.language == Language::Rust && matches!(self.current.last(), Some(&("=" | "!" | "return" | "=>")))
    }

    fn open(&mut self, ends: Ends, line: usize) {
        let label = label(&self.current);
        let bracket = self.tokens[self.at - 1].text;
        let text = format!("{} {bracket}", self.current.join(" "));
        self.release_for(&label);
        let place = self.place().to_owned();
        let is_inline = self.is_inline(line);
        let is_use = ends == Ends::List && bracket == "{";
        self.push(place.clone(), text, is_inline);
        self.name_last(&label);
        self.scopes += 1;
        let kind = if is_use { "use" } else { bracket };
        let block =
            Block { place: inside(&place, &label), ends, depth: 0, scope: self.scopes, line, label: kind.to_owned() };
        self.blocks.push(block);
        self.current.clear();
        self.last = None;
    }

    fn close(&mut self) {
        self.end_unit(false);
        self.release();
        if self.blocks.len() > 1
            && let Some(block) = self.blocks.pop()
        {
            let name = block.place.rsplit(super::INSIDE).next().unwrap_or_default();
            self.last = Some((name.to_owned(), self.line));
        }
    }

    /// A comma between the parameters of a type ends nothing.
    fn ends_at_comma(&self) -> bool {
        let Some(block) = self.blocks.last().filter(|block| block.ends != Ends::Statements) else { return false };
        let count = |sign: &str| self.current.iter().filter(|token| **token == sign).count();
        let arrows = self.current.windows(2).filter(|pair| matches!(pair[0], "-" | "=") && pair[1] == ">").count();
        block.ends == Ends::List || count("<") <= count(">") - arrows.min(count(">"))
    }

    fn is_inline(&self, line: usize) -> bool {
        self.blocks.last().is_some_and(|block| block.ends == Ends::List && block.line == line)
    }

    fn end_unit(&mut self, by_sign: bool) {
        let texts = std::mem::take(&mut self.current);
        // Brackets that close what stands above say nothing.
        if texts.iter().all(|text| matches!(*text, ")" | "]" | "?" | ",")) {
            return;
        }
        let label = label(&texts);
        self.release_for(&label);
        let mut text = texts.join(" ");
        // The last expression of a block differs from a statement; the last entry of a list does not.
        let is_statement = self.blocks.last().is_some_and(|block| block.ends == Ends::Statements);
        if by_sign && is_statement && self.language == Language::Rust {
            text.push_str(" ;");
        }
        let inline = self.is_inline(self.begun);
        self.push(self.place().to_owned(), text, inline);
        self.name_last(&label);
        self.last = Some((label, self.line));
    }

    /// Comments and attributes were written for what has this name.
    fn release_for(&mut self, label: &str) {
        for text in std::mem::take(&mut self.written_for_next) {
            let is_part = ["#", "///", "/**"].iter().any(|mark| text.starts_with(mark));
            let place = if is_part { attached(self.place(), label) } else { self.place().to_owned() };
            self.push(place, text, false);
            if let Some(unit) = self.units.last_mut().filter(|_| !is_part) {
                unit.about = Some(label.to_owned());
            }
        }
    }

    fn name_last(&mut self, label: &str) {
        let is_entry = self.blocks.last().is_some_and(|block| block.ends == Ends::Entries);
        let is_item = label.split(' ').next().is_some_and(|word| ITEMS.contains(&word));
        if let Some(unit) = self.units.last_mut() {
            // Two fields, or two functions, of one name are no code; two statements are.
            let is_field = is_entry && unit.text.strip_prefix(label).is_some_and(|rest| rest.starts_with(" : "));
            unit.name = (is_item || is_field).then(|| label.to_owned());
            label.clone_into(&mut unit.label);
        }
    }

    fn push(&mut self, place: String, text: String, inline: bool) {
        let scope = self.blocks.last().map_or(0, |block| block.scope);
        self.units.push(Unit { place, text, scope, name: None, label: String::new(), about: None, inline });
    }
}

fn is_path(token: &str) -> bool {
    matches!(token, "use" | "pub" | ":" | "(" | ")" | "crate")
        || token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// What an item, a statement or an entry is called by what stands in it or is written for it.
fn label(texts: &[&str]) -> String {
    // A function that becomes `const` is the same function.
    let is_item = |at: &usize| {
        let is_of_function =
            texts.get(at + 1).is_some_and(|next| matches!(*next, "fn" | "async" | "unsafe" | "extern"));
        ITEMS.contains(&texts[*at]) && !(texts[*at] == "const" && is_of_function)
    };
    if let Some(at) = (0..texts.len()).find(is_item).filter(|at| texts[..*at].iter().all(|text| is_qualifier(text))) {
        let named = texts[at..].iter().take_while(|text| !matches!(**text, "(" | "<" | "{" | ":" | "="));
        return named.copied().collect::<Vec<_>>().join(" ");
    }
    let is_block = texts.first().is_some_and(|text| {
        matches!(*text, "impl" | "if" | "match" | "for" | "while" | "loop" | "use" | "else" | "." | "}")
    });
    if is_block {
        return texts.join(" ");
    }
    let named = texts.iter().take_while(|text| !matches!(**text, ":" | "="));
    let label = named.copied().collect::<Vec<_>>().join(" ");
    if label.is_empty() { texts.join(" ") } else { label }
}

fn is_qualifier(text: &str) -> bool {
    matches!(text, "pub" | "(" | ")" | "crate" | "super" | "async" | "unsafe" | "extern" | "const" | "default" | "in")
        || text.starts_with('"')
}
