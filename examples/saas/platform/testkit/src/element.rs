use std::collections::BTreeMap;

use tl::{HTMLTag, Node, ParserOptions};

use crate::{Form, Response};

/// An element of a page, with all that is in it.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Self>,
}

impl Response {
    /// The only element that the selector matches.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn one(&self, selector: &str) -> Element {
        self.document().one(selector)
    }

    /// All elements that the selector matches, in the order of the page.
    #[must_use]
    pub fn all(&self, selector: &str) -> Vec<Element> {
        self.document().all(selector)
    }

    /// The form that the selector matches, as the page has filled it in.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn form(&self, selector: &str) -> Form {
        Form::read(&self.one(selector))
    }

    /// Where the link with this text leads.
    ///
    /// # Panics
    ///
    /// When there is no such link.
    #[must_use]
    pub fn link(&self, text: &str) -> String {
        let link = self.all("a[href]").into_iter().find(|link| link.text() == text);
        link.unwrap_or_else(|| panic!("no link {text:?} in {}", self.body)).attribute("href").to_owned()
    }

    fn document(&self) -> Element {
        let page = tl::parse(&self.body, ParserOptions::default()).expect("the page can be parsed");
        let mut document = Element::default();
        for node in page.children() {
            document.push(node.get(page.parser()).expect("the node is of this page"), page.parser());
        }
        document
    }
}

impl Element {
    /// The text in it, with single blanks.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text in it, to the letter.
    pub(crate) fn raw_text(&self) -> &str {
        &self.text
    }

    /// The value of an attribute: an empty text if it has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    #[must_use]
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// The only element inside that the selector matches.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[must_use]
    pub fn one(&self, selector: &str) -> Self {
        let mut found = self.all(selector);
        assert!(found.len() == 1, "{} elements match {selector:?}, in the text {:?}", found.len(), self.text());
        found.remove(0)
    }

    /// All elements inside that the selector matches, in the order of the page.
    #[must_use]
    pub fn all(&self, selector: &str) -> Vec<Self> {
        let steps: Vec<_> = selector.split_whitespace().collect();
        let mut found = Vec::new();
        self.collect(&steps, &mut found);
        found
    }

    fn collect(&self, steps: &[&str], found: &mut Vec<Self>) {
        for child in &self.children {
            match steps {
                [last] if child.matches(last) => {
                    found.push(child.clone());
                    child.collect(steps, found);
                }
                [first, rest @ ..] if !rest.is_empty() && child.matches(first) => child.collect(rest, found),
                _ => child.collect(steps, found),
            }
        }
    }

    /// Whether one step of a selector, such as `input.wide[name=title]`, describes this element.
    fn matches(&self, step: &str) -> bool {
        let (name, mut rest) = step.split_at(step.find(['#', '.', '[']).unwrap_or(step.len()));
        let mut matched = name.is_empty() || name == self.name;
        while let Some(kind) = rest.chars().next() {
            let condition = &rest[1..];
            let end = if kind == '[' { condition.find(']') } else { condition.find(['#', '.', '[']) };
            let (condition, after) = condition.split_at(end.unwrap_or(condition.len()));
            matched &= match (kind, condition.split_once('=')) {
                ('#', _) => self.attribute("id") == condition,
                ('.', _) => self.attribute("class").split_whitespace().any(|class| class == condition),
                (_, Some((name, value))) => self.attribute(name) == value.trim_matches(['"', '\'']),
                (_, None) => self.has_attribute(condition),
            };
            rest = after.trim_start_matches(']');
        }
        matched
    }

    fn push(&mut self, node: &Node<'_>, parser: &tl::Parser<'_>) {
        match node {
            Node::Tag(tag) => {
                let child = Self::read(tag, parser);
                self.text.push_str(&child.text);
                self.children.push(child);
            }
            Node::Raw(text) => self.text.push_str(&decode(&text.as_utf8_str())),
            Node::Comment(_) => {}
        }
    }

    fn read(tag: &HTMLTag<'_>, parser: &tl::Parser<'_>) -> Self {
        let attributes = tag.attributes().iter();
        let mut element = Self {
            name: tag.name().as_utf8_str().to_lowercase(),
            attributes: attributes.map(|(name, value)| (name.into(), decode(&value.unwrap_or_default()))).collect(),
            ..Self::default()
        };
        for node in tag.children().top().iter() {
            element.push(node.get(parser).expect("the node is of this page"), parser);
        }
        element
    }
}

/// Resolves character references: the numbers and the names that templates use to escape text.
fn decode(text: &str) -> String {
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (reference, rest) = part.split_once(';').unwrap_or_default();
        let (character, rest) = resolve(reference).map_or(('&', part), |character| (character, rest));
        decoded.push(character);
        decoded.push_str(rest);
    }
    decoded
}

fn resolve(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = reference.strip_prefix('#')?;
            let (digits, base) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
            u32::from_str_radix(digits, base).ok().and_then(char::from_u32)
        }
    }
}
