//! Three-way merge of TOML, key by key. The comments and the order of the person's file stay.

use std::fmt::Display;

use toml_edit::{Array, DocumentMut, Item, RawString, Table, TableLike, Value};

use super::diff3::{self, Stretch};
use super::versions;

/// The merged document; nothing when one of the texts is no TOML, or both sides changed one key in different ways.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base: DocumentMut = base.parse().ok()?;
    let theirs: DocumentMut = theirs.parse().ok()?;
    let mut merged: DocumentMut = ours.parse().ok()?;
    merge_tables(base.as_table(), merged.as_table_mut(), theirs.as_table())?;
    Some(merged.to_string())
}

/// Both sides with the newest of each version that both have raised; nothing where there is none.
pub(super) fn settle_versions(base: &str, ours: &str, theirs: &str) -> Option<[String; 2]> {
    let base: DocumentMut = base.parse().ok()?;
    let (mut ours, mut theirs): (DocumentMut, DocumentMut) = (ours.parse().ok()?, theirs.parse().ok()?);
    settle_tables(base.as_table(), ours.as_table_mut(), theirs.as_table_mut())
        .then(|| [ours, theirs].map(|side| side.to_string()))
}

fn settle_tables(base: &dyn TableLike, ours: &mut dyn TableLike, theirs: &mut dyn TableLike) -> bool {
    let mut settled = false;
    for (name, before) in base.iter() {
        let (Some(our), Some(their)) = (ours.get_mut(name), theirs.get_mut(name)) else { continue };
        if let (Some(before), Some(our_text), Some(their_text)) = (before.as_str(), our.as_str(), their.as_str()) {
            match versions::newer(before, our_text, their_text) {
                Some(newest) if our_text != their_text && newest == our_text => replace(their, &our.clone()),
                Some(_) if our_text != their_text => replace(our, &their.clone()),
                _ => continue,
            }
            settled = true;
        } else if let (Some(before), Some(our), Some(their)) =
            (before.as_table_like(), our.as_table_like_mut(), their.as_table_like_mut())
        {
            settled |= settle_tables(before, our, their);
        }
    }
    settled
}

fn merge_tables(base: &dyn TableLike, ours: &mut dyn TableLike, theirs: &dyn TableLike) -> Option<()> {
    let mut added = Vec::new();
    for (name, their) in theirs.iter() {
        let before = base.get(name);
        if before.is_some_and(|before| same(before, their)) {
            continue;
        }
        match ours.get_mut(name) {
            Some(our) => merge_items(before, our, their)?,
            // They changed what we removed.
            None if before.is_some() => return None,
            None => {
                ours.entry_format(theirs.key(name)?).or_insert(their.clone());
                added.push(name);
            }
        }
    }
    let removed: Vec<&str> = keys(base).into_iter().filter(|name| theirs.get(name).is_none()).collect();
    for name in removed {
        let Some(our) = ours.get_mut(name) else { continue };
        let before = base.get(name)?;
        if !same(before, our) {
            // What we added to a table that they removed stays.
            merge_tables(before.as_table_like()?, our.as_table_like_mut()?, &Table::new())?;
        }
        if same(before, our) || our.as_table_like().is_some_and(TableLike::is_empty) {
            // A comment of ours would go with the key.
            if comments(ours, name) != comments(base, name) {
                return None;
            }
            ours.remove(name);
        }
    }
    if !added.is_empty() {
        put_in_order(ours, theirs, &added)?;
    }
    Some(())
}

/// The comments and blanks around a key and its value.
fn comments(table: &dyn TableLike, name: &str) -> Option<[String; 2]> {
    let text = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().trim().to_owned();
    let above = text(table.key(name)?.leaf_decor().prefix());
    let behind = text(table.get(name)?.as_value().and_then(|value| value.decor().suffix()));
    Some([above, behind])
}

/// Moves each added key behind the one that it follows in their table; in a table in the order of the alphabet, to its place.
pub(super) fn put_in_order(ours: &mut dyn TableLike, theirs: &dyn TableLike, added: &[&str]) -> Option<()> {
    let their_keys = keys(theirs);
    let mut order: Vec<String> =
        keys(ours).into_iter().filter(|key| !added.contains(key)).map(ToOwned::to_owned).collect();
    let in_order = order.is_sorted() && their_keys.is_sorted();
    for name in added {
        let place = if in_order {
            order.partition_point(|key| key.as_str() < *name)
        } else {
            let before = their_keys.iter().take_while(|key| *key != name).collect::<Vec<_>>();
            order.iter().rposition(|key| before.contains(&&key.as_str())).map_or(0, |place| place + 1)
        };
        order.insert(place, (*name).to_owned());
    }
    let entries = order.iter().map(|name| Some((ours.key(name)?.clone(), ours.remove(name)?)));
    for (key, item) in entries.collect::<Option<Vec<_>>>()? {
        ours.entry_format(&key).or_insert(item);
    }
    Some(())
}

fn keys(table: &dyn TableLike) -> Vec<&str> {
    table.iter().map(|(key, _)| key).collect()
}

fn merge_items(base: Option<&Item>, ours: &mut Item, theirs: &Item) -> Option<()> {
    if same(ours, theirs) {
        return Some(());
    }
    if ours.as_table_like().is_some() && theirs.as_table_like().is_some() {
        let empty = Table::new();
        let base = base.and_then(Item::as_table_like).unwrap_or(&empty);
        return merge_tables(base, ours.as_table_like_mut()?, theirs.as_table_like()?);
    }
    if base.is_some_and(|base| same(base, ours)) {
        replace(ours, theirs);
        return Some(());
    }
    let empty = Array::new();
    let merged = merge_arrays(base.and_then(Item::as_array).unwrap_or(&empty), ours.as_array()?, theirs.as_array()?)?;
    *ours = Item::Value(merged.into());
    Some(())
}

/// Puts their value in the place of ours, which keeps its blanks and comments.
fn replace(ours: &mut Item, theirs: &Item) {
    match (ours, theirs) {
        (Item::Value(ours), Item::Value(theirs)) => {
            let decor = ours.decor().clone();
            *ours = theirs.clone();
            *ours.decor_mut() = decor;
        }
        (ours, theirs) => *ours = theirs.clone(),
    }
}

fn merge_arrays(base: &Array, ours: &Array, theirs: &Array) -> Option<Array> {
    let [base_texts, our_texts, their_texts] =
        [base, ours, theirs].map(|array| array.iter().map(plain).collect::<Vec<String>>());
    let mut merged = ours.clone();
    merged.clear();
    let mut push = |array: &Array, range: std::ops::Range<usize>| {
        for value in array.iter().skip(range.start).take(range.len()) {
            merged.push_formatted(value.clone());
        }
    };
    for stretch in diff3::merge(&base_texts, &our_texts, &their_texts) {
        match stretch {
            Stretch::Same { ours: range, .. } | Stretch::Ours { ours: range } => push(ours, range),
            Stretch::Theirs { theirs: range } => push(theirs, range),
            Stretch::Insertions { ours: a, theirs: b } => {
                push(ours, a);
                push(theirs, b);
            }
            Stretch::Conflict { .. } => return None,
        }
    }
    let first = ours.get(0).and_then(|value| value.decor().prefix().cloned()).unwrap_or_default();
    for (index, value) in merged.iter_mut().enumerate() {
        match index {
            0 => value.decor_mut().set_prefix(first.clone()),
            _ if value.decor().prefix().is_none_or(is_empty) => value.decor_mut().set_prefix(" "),
            _ => {}
        }
    }
    Some(merged)
}

fn is_empty(text: &RawString) -> bool {
    text.as_str().is_none_or(str::is_empty)
}

/// Whether two items hold the same values, however they are written.
fn same(a: &Item, b: &Item) -> bool {
    match (a, b) {
        (Item::Value(a), Item::Value(b)) if !a.is_inline_table() && !b.is_inline_table() => plain(a) == plain(b),
        (Item::ArrayOfTables(a), Item::ArrayOfTables(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_tables(a, b))
        }
        (a, b) => match (a.as_table_like(), b.as_table_like()) {
            (Some(a), Some(b)) => same_tables(a, b),
            _ => a.is_none() && b.is_none(),
        },
    }
}

fn same_tables(a: &dyn TableLike, b: &dyn TableLike) -> bool {
    a.len() == b.len() && a.iter().all(|(key, item)| b.get(key).is_some_and(|other| same(item, other)))
}

/// A value without the blanks and comments around and inside of it.
pub(super) fn plain(value: &Value) -> String {
    fn shown(kind: &str, value: impl Display) -> String {
        format!("{kind}:{value}")
    }
    match value {
        Value::String(text) => shown("string", text.value()),
        Value::Integer(number) => shown("integer", number.value()),
        Value::Float(number) => shown("float", number.value()),
        Value::Boolean(truth) => shown("boolean", truth.value()),
        Value::Datetime(time) => shown("time", time.value()),
        Value::Array(values) => shown("array", values.iter().map(plain).collect::<Vec<_>>().join("\u{1}")),
        Value::InlineTable(table) => {
            let mut entries: Vec<String> =
                table.iter().map(|(key, value)| format!("{key}\u{2}{}", plain(value))).collect();
            entries.sort_unstable();
            shown("table", entries.join("\u{1}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(base: &str, ours: &str, theirs: &str) -> String {
        merge(base, ours, theirs).expect("the keys can be merged")
    }

    #[test]
    fn keys_of_both_sides_are_kept_in_order_with_their_comments() {
        let base = "[dependencies]\na = \"1\"\nz = \"1\"\n";
        let ours = "# mine\n[dependencies]\na = \"1\" # pinned\nm = \"2\"\nz = \"1\"\n";
        let theirs = "[dependencies]\na = \"1\"\nn = { version = \"3\" }\nz = \"2\"\n";
        assert_eq!(
            clean(base, ours, theirs),
            "# mine\n[dependencies]\na = \"1\" # pinned\nm = \"2\"\nn = { version = \"3\" }\nz = \"2\"\n"
        );
    }

    #[test]
    fn a_new_key_comes_where_they_have_it() {
        let merged = clean("b = 1\na = 1\n", "b = 1\n# mine\na = 1\n", "b = 1\nz = 1\na = 2\n");
        assert_eq!(merged, "b = 1\nz = 1\n# mine\na = 2\n");
    }

    #[test]
    fn a_comment_of_ours_does_not_go_with_a_key_of_theirs() {
        assert_eq!(merge("a = 1\nb = 1\n", "# mine\na = 1\nb = 1\n", "b = 2\n"), None);
        assert_eq!(merge("a = 1\nb = 1\n", "a = 1 # mine\nb = 1\n", "b = 2\n"), None);
    }

    #[test]
    fn lists_are_merged_by_their_entries() {
        assert_eq!(
            clean("f = [\"a\"]\n", "f = [\"a\", \"mine\"]\n", "f = [\"a\", \"b\"]\n"),
            "f = [\"a\", \"mine\", \"b\"]\n"
        );
        assert_eq!(
            clean("f = [\"a\", \"b\"]\n", "f = [\"a\", \"b\", \"c\"]\n", "f = [\"b\"]\n"),
            "f = [\"b\", \"c\"]\n"
        );
    }

    #[test]
    fn a_table_with_something_of_ours_outlives_its_removal() {
        let base = "[a]\nx = 1\n";
        assert_eq!(clean(base, "[a]\nx = 1\nmine = 2\n", ""), "[a]\nmine = 2\n");
        assert_eq!(clean(base, base, ""), "");
    }

    #[test]
    fn different_values_of_one_key_are_for_a_person_to_decide() {
        assert_eq!(merge("a = 1\n", "a = 2\n", "a = 3\n"), None);
        assert_eq!(merge("a = 1\n", "", "a = 3\n"), None);
        assert_eq!(merge("a = 1\n", "a = 2\n", ""), None);
        assert_eq!(merge("a = 1\n", "not toml", "a = 2\n"), None);
    }

    #[test]
    fn of_two_newer_versions_the_newest_is_required() {
        let dependency = |version: &str| format!("a = {{ version = \"{version}\" }} # mine\n");
        let settled = |base: &str, ours: &str, theirs: &str| settle_versions(base, ours, theirs);
        let newest = dependency("1.10");
        assert_eq!(settled(&dependency("1.2"), &dependency("1.3"), &newest), Some([newest.clone(), newest]));
        let newest = "a = \"1.0.98\"\n".to_owned();
        assert_eq!(settled("a = \"1.0\"\n", &newest, "a = \"1.0.90\"\n"), Some([newest.clone(), newest.clone()]));
        assert_eq!(settled("a = \"x\"\n", "a = \"y\"\n", "a = \"z\"\n"), None);
    }

    #[test]
    fn how_a_value_is_written_does_not_matter() {
        let merged = clean("a = { x = 1, y = 2 }\n", "[a]\ny = 2\nx = 1\n", "a = { x = 1, y = 3 }\n");
        assert_eq!(merged, "[a]\ny = 3\nx = 1\n");
    }
}
