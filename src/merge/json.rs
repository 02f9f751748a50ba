//! Three-way merge of JSON, key by key, for files that are written in the usual way: one entry a line.

use serde::Serialize;
use serde_json::{Map, Value, ser::PrettyFormatter};

use super::diff3::{self, Stretch};

/// The merged document in the indentation of `ours`; nothing when one of the texts is no JSON, `ours` is written in a way
/// that would be lost, or both sides changed one key in different ways.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, our, theirs]: [Option<Value>; 3] = [base, ours, theirs].map(|text| serde_json::from_str(text).ok());
    let (base, our, theirs) = (base?, our?, theirs?);
    let indentation = indentation(ours);
    if write(&our, indentation)?.trim_end() != ours.trim_end() {
        return None;
    }
    write(&merge_values(&base, our, &theirs)?, indentation)
}

fn merge_values(base: &Value, ours: Value, theirs: &Value) -> Option<Value> {
    if ours == *theirs || base == theirs {
        return Some(ours);
    }
    if ours == *base {
        return Some(theirs.clone());
    }
    match (base, ours, theirs) {
        (Value::Object(base), Value::Object(ours), Value::Object(theirs)) => merge_objects(base, ours, theirs),
        (Value::Array(base), Value::Array(ours), Value::Array(theirs)) => merge_arrays(base, &ours, theirs),
        _ => None,
    }
}

fn merge_objects(
    base: &Map<String, Value>,
    mut ours: Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Option<Value> {
    for (key, their) in theirs {
        let merged = match (base.get(key), ours.get(key)) {
            (Some(before), _) if before == their => continue,
            (Some(before), Some(our)) => merge_values(before, our.clone(), their)?,
            (None, None) => their.clone(),
            // Both have added it, or they changed what we removed.
            (None, Some(_)) | (Some(_), None) => return None,
        };
        ours.insert(key.clone(), merged);
    }
    for (key, before) in base {
        if !theirs.contains_key(key) && ours.contains_key(key) {
            if ours.get(key) != Some(before) {
                return None;
            }
            ours.shift_remove(key);
        }
    }
    Some(Value::Object(ours))
}

fn merge_arrays(base: &[Value], ours: &[Value], theirs: &[Value]) -> Option<Value> {
    let mut merged = Vec::new();
    for stretch in diff3::merge(base, ours, theirs) {
        match stretch {
            Stretch::Same { ours: range, .. } | Stretch::Ours { ours: range } => merged.extend_from_slice(&ours[range]),
            Stretch::Theirs { theirs: range } => merged.extend_from_slice(&theirs[range]),
            Stretch::Insertions { ours: a, theirs: b } => {
                merged.extend_from_slice(&ours[a]);
                merged.extend_from_slice(&theirs[b]);
            }
            Stretch::Conflict { .. } => return None,
        }
    }
    Some(Value::Array(merged))
}

/// What the first indented line begins with.
fn indentation(text: &str) -> &str {
    let line = text.lines().find(|line| line.starts_with([' ', '\t'])).unwrap_or("  ");
    &line[..line.len() - line.trim_start().len()]
}

fn write(value: &Value, indentation: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(indentation.as_bytes());
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter)).ok()?;
    bytes.push(b'\n');
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_entries_of_both_sides_are_kept() {
        let base = "{\n  \"a\": [\n    1\n  ],\n  \"b\": 1\n}\n";
        let ours = "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": 1,\n  \"mine\": true\n}\n";
        let theirs = "{\n  \"a\": [\n    1,\n    3\n  ],\n  \"b\": 2\n}\n";
        let merged = merge(base, ours, theirs);
        let expected = "{\n  \"a\": [\n    1,\n    2,\n    3\n  ],\n  \"b\": 2,\n  \"mine\": true\n}\n";
        assert_eq!(merged.as_deref(), Some(expected));
    }

    #[test]
    fn the_indentation_is_that_of_the_person() {
        let merged = merge("{\n  \"a\": 1\n}\n", "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n", "{\n  \"a\": 3\n}\n");
        assert_eq!(merged.as_deref(), Some("{\n\t\"a\": 3,\n\t\"b\": 2\n}\n"));
    }

    #[test]
    fn what_would_lose_something_is_left_to_a_person() {
        assert_eq!(merge("{\"a\": 1}", "{\"a\": 2}", "{\"a\": 3}"), None);
        assert_eq!(merge("{\n  \"a\": 1\n}", "{\n  // mine\n  \"a\": 1\n}", "{\n  \"a\": 3\n}"), None);
        assert_eq!(merge("{\n  \"a\": 1\n}", "{\n  \"a\": 1, \"b\": 2\n}", "{\n  \"a\": 3\n}"), None);
        assert_eq!(merge("{\n  \"a\": 1\n}", "{\n  \"a\": 2\n}", "{}"), None);
    }
}
