//! TOML: each value at its key, however its table is written, and each comment at what it was written for.

use toml_edit::{DocumentMut, Item, Key, TableLike, Value};

use super::super::toml::plain;
use super::{Kind, Line, Unit, attach, inside};

/// The values in their order, then the comments; lines where the text cannot be read.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let Ok(document) = text.parse::<DocumentMut>() else {
        return attach(super::lines::nested(text, &super::lines::OTHER));
    };
    let mut units = Vec::new();
    table("", document.as_table(), &mut units);
    // The lines besides comments are what comments are about.
    units.extend(attach(comments(text)).into_iter().filter(|unit| unit.text.starts_with('#')));
    units
}

fn unit(place: String, text: String, label: &str, inline: bool) -> Unit {
    Unit { place, label: label.to_owned(), text, scope: 0, name: None, about: None, inline }
}

fn table(place: &str, table: &dyn TableLike, units: &mut Vec<Unit>) {
    if table.is_empty() {
        units.push(unit(place.to_owned(), "[]".to_owned(), "", false));
    }
    for (key, item) in table.iter() {
        let here = inside(place, key);
        match item {
            Item::Value(Value::Array(array)) => {
                let inline = !array.iter().any(is_on_its_line) && !array.is_empty();
                units.push(unit(place.to_owned(), format!("{key} = []"), key, false));
                units.extend(array.iter().map(|value| unit(here.clone(), plain(value), "", inline)));
            }
            Item::ArrayOfTables(tables) => {
                for (at, entry) in tables.iter().enumerate() {
                    let first = entry.iter().next().and_then(|(_, item)| item.as_value()).map(plain);
                    self::table(&inside(&here, &first.unwrap_or_else(|| at.to_string())), entry, units);
                }
            }
            item => {
                if let Some(inner) = item.as_table_like() {
                    self::table(&here, inner, units);
                } else {
                    let value = item.as_value().map(plain).unwrap_or_default();
                    units.push(unit(place.to_owned(), format!("{key} = {value}"), key, false));
                }
            }
        }
    }
}

fn is_on_its_line(value: &Value) -> bool {
    value.decor().prefix().and_then(|prefix| prefix.as_str()).is_some_and(|prefix| prefix.contains('\n'))
}

/// The lines with their tables, for the comments among them.
fn comments(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut place, mut array): (String, Option<String>) = (String::new(), None);
    for line in text.lines() {
        let text = line.trim();
        let is_header = text.starts_with('[') && array.is_none();
        let (kind, said) = match text {
            "" => (Kind::Blank, text),
            text if text.starts_with('#') => (Kind::Comment, text),
            text => (Kind::Content, text),
        };
        let here = array.as_deref().map_or_else(|| place.clone(), |array| inside(&place, array));
        let label =
            if array.is_some() { text.trim_end_matches(',') } else { text.split('=').next().unwrap_or(text).trim() };
        let (at, label) = if is_header { (String::new(), path(text)) } else { (here, label.to_owned()) };
        lines.push(Line { kind, place: at, scope: 0, text: said.to_owned(), label: label.clone(), name: None });
        if let Some(comment) = behind(text).filter(|_| kind == Kind::Content) {
            let place = super::attached(&place, &label);
            lines.push(Line { kind: Kind::Content, place, scope: 0, text: comment.to_owned(), label, name: None });
        }
        if is_header {
            place = inside("", text.split('#').next().unwrap_or(text).trim());
        } else if kind == Kind::Content && array.is_none() && opens(text) {
            array = Some(text.split('=').next().unwrap_or(text).trim().to_owned());
        } else if array.is_some() && text.starts_with(']') {
            array = None;
        }
    }
    // A comment above the header of a table belongs to that table, not to the one before it.
    let mut next: Option<String> = None;
    for line in lines.iter_mut().rev() {
        match (line.kind, &next) {
            (Kind::Comment | Kind::Attribute, Some(place)) => line.place.clone_from(place),
            (Kind::Comment | Kind::Attribute, None) => {}
            (Kind::Blank, _) => next = None,
            (Kind::Content, _) => next = Some(line.place.clone()),
        }
    }
    lines
}

/// The place of what stands below a header.
fn path(header: &str) -> String {
    let name = header.split('#').next().unwrap_or(header).trim().trim_matches(['[', ']']);
    let keys = Key::parse(name).unwrap_or_default();
    keys.iter().fold(String::new(), |place, key| inside(&place, key.get()))
}

/// Whether an array goes on below the line.
fn opens(text: &str) -> bool {
    let code = behind(text).map_or(text, |comment| text[..text.len() - comment.len()].trim_end());
    code.ends_with('[') || code.ends_with(',')
}

/// The comment at the end of a line.
fn behind(text: &str) -> Option<&str> {
    let mut quote = None;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '#') => return Some(&text[at..]).filter(|_| at > 0),
            _ => {}
        }
    }
    None
}
