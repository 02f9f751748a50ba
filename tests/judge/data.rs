//! What can be read as data: whether it can, without doubled keys, and whether each value is the one of the side that has changed it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use saphyr::{LoadableYamlNode, Yaml};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::html;
use super::language::Language;
use super::{Rule, Violation};

type Table = BTreeMap<String, Value>;

/// A value of any format.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// As it is written, or nearly.
    Scalar(String),
    List(Vec<Value>),
    Table(BTreeMap<String, Value>),
}

/// Reads a text; those of formats without data are read for their syntax alone.
pub(crate) fn read(language: Language, text: &str) -> Result<Option<Value>, String> {
    match language {
        Language::Rust => syn::parse_file(text).map(|_| None).map_err(|error| error.to_string()),
        Language::Toml => toml::from_str::<Value>(text).map(Some).map_err(|error| error.to_string()),
        Language::Json => serde_json::from_str(text).map(Some).map_err(|error| error.to_string()),
        Language::Yaml => yaml(text).map(Some),
        Language::Css | Language::Script => balanced(text).map(|()| None),
        Language::Html if !html::is_balanced(text) => Err("its elements do not match".to_owned()),
        Language::Markdown if text.lines().filter(|line| line.trim().starts_with("```")).count() % 2 == 1 => {
            Err("a fence is open".to_owned())
        }
        _ => Ok(None),
    }
}

fn yaml(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    Ok(Value::List(documents.iter().map(of_yaml).collect()))
}

fn of_yaml(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Sequence(items) => Value::List(items.iter().map(of_yaml).collect()),
        Yaml::Mapping(entries) => {
            Value::Table(entries.iter().map(|(key, value)| (format!("{key:?}"), of_yaml(value))).collect())
        }
        Yaml::Tagged(_, inner) => of_yaml(inner),
        other => Value::Scalar(format!("{other:?}")),
    }
}

/// Whether all braces are closed; a brace in a string or a comment is one in all that we write.
fn balanced(text: &str) -> Result<(), String> {
    let count = |letter| text.matches(letter).count();
    if count('{') == count('}') { Ok(()) } else { Err("its braces do not match".to_owned()) }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(format!("{value:?}")))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Scalar("null".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            if table.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the key {key:?} is doubled")));
            }
        }
        Ok(Value::Table(table))
    }
}

/// Holds each value of a merge to those of the sides.
pub(crate) fn values(base: &Value, ours: &Value, theirs: &Value, merged: &Value) -> Vec<Violation> {
    let mut check = Check { path: Vec::new(), violations: Vec::new() };
    check.value(Some(base), Some(ours), Some(theirs), Some(merged));
    check.violations
}

/// Whether both sides have changed one value, below the same keys, each in its own way.
pub(crate) fn contested(base: &Value, ours: &Value, theirs: &Value) -> Option<Violation> {
    match (base, ours, theirs) {
        (Value::Scalar(base), Value::Scalar(ours), Value::Scalar(theirs)) => {
            let mixed = ours != base && theirs != base && ours != theirs;
            let detail = format!("both sides have changed {base}, into this and {theirs}");
            mixed.then(|| Violation::new(Rule::Mixed, false, ours, detail))
        }
        (Value::Table(base), Value::Table(ours), Value::Table(theirs)) => {
            base.iter().find_map(|(key, value)| contested(value, ours.get(key)?, theirs.get(key)?))
        }
        (Value::List(base), Value::List(ours), Value::List(theirs)) if base.len() == 1 => {
            contested(base.first()?, ours.first()?, theirs.first()?)
        }
        _ => None,
    }
}

struct Check {
    path: Vec<String>,
    violations: Vec<Violation>,
}

impl Check {
    fn wrong(&mut self, rule: Rule, detail: &str) {
        self.violations.push(Violation::new(rule, false, &self.path.join(" > "), detail.to_owned()));
    }

    fn value(&mut self, base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>, merged: Option<&Value>) {
        let only = |right: Option<&Value>| merged == right;
        if ours == theirs || theirs == base {
            if !only(ours) {
                self.wrong(Rule::Value, "is not what the first side has made of it");
            }
            return;
        }
        if ours == base {
            if !only(theirs) {
                self.wrong(Rule::Value, "is not what the second side has made of it");
            }
            return;
        }
        let tables = [base, ours, theirs, merged].map(|value| match value {
            Some(Value::Table(table)) => Some(table.clone()),
            Some(_) => None,
            None => Some(BTreeMap::new()),
        });
        if let [Some(base), Some(ours), Some(theirs), Some(merged)] = &tables {
            return self.table(base, ours, theirs, merged);
        }
        match (base, ours, theirs, merged) {
            (base, Some(Value::List(ours)), Some(Value::List(theirs)), Some(Value::List(merged))) => {
                let base = if let Some(Value::List(base)) = base { base.as_slice() } else { &[] };
                self.list(base, ours, theirs, merged);
            }
            _ => self.wrong(Rule::Mixed, "both sides have changed it, each in its own way"),
        }
    }

    fn table(&mut self, base: &Table, ours: &Table, theirs: &Table, merged: &Table) {
        let keys: BTreeSet<&String> =
            base.keys().chain(ours.keys()).chain(theirs.keys()).chain(merged.keys()).collect();
        // A table may have another name on one side.
        let mut renamed = BTreeMap::new();
        for key in base.keys() {
            for (side, other) in [(ours, theirs), (theirs, ours)] {
                if other.get(key) != base.get(key)
                    && let Some(name) = name_now(base, side, key)
                {
                    renamed.insert(key.clone(), name);
                }
            }
        }
        for key in keys.into_iter().filter(|key| !renamed.values().any(|name| name == *key)) {
            let now = renamed.get(key).unwrap_or(key);
            let get = |side: &Table| side.get(key).or(side.get(now)).cloned();
            self.path.push(now.clone());
            self.value(get(base).as_ref(), get(ours).as_ref(), get(theirs).as_ref(), get(merged).as_ref());
            self.path.pop();
        }
    }

    fn list(&mut self, base: &[Value], ours: &[Value], theirs: &[Value], merged: &[Value]) {
        if base.len() == 1 && ours.len() == 1 && theirs.len() == 1 && merged.len() == 1 {
            return self.value(base.first(), ours.first(), theirs.first(), merged.first());
        }
        if let [Some(base), Some(ours), Some(theirs), Some(merged)] = [base, ours, theirs, merged].map(by_name) {
            return self.value(Some(&base), Some(&ours), Some(&theirs), Some(&merged));
        }
        let count = |list: &[Value], value: &Value| list.iter().filter(|it| *it == value).count();
        let all: BTreeSet<&Value> = base.iter().chain(ours).chain(theirs).chain(merged).collect();
        for value in all {
            let [before, yours, other, now] = [base, ours, theirs, merged].map(|list| count(list, value));
            let added = |side: usize| side.saturating_sub(before);
            let removed = |side: usize| before.saturating_sub(side);
            let least = before + added(yours).max(added(other));
            let most = before + added(yours) + added(other);
            let (least, most) = (
                least.saturating_sub(removed(yours) + removed(other)),
                most.saturating_sub(removed(yours).max(removed(other))),
            );
            // Of something that one side has removed, the other one may have removed a part.
            let is_rest =
                base.iter().any(|whole| is_part(value, whole) && !(ours.contains(whole) && theirs.contains(whole)));
            let least = if is_rest { 0 } else { least };
            if !(least..=most).contains(&now) {
                self.wrong(Rule::Value, &format!("has {value:?} {now} times instead of {least} to {most}"));
            }
        }
    }
}

/// Whether a table has nothing that another one does not have.
fn is_part(value: &Value, whole: &Value) -> bool {
    match (value, whole) {
        (Value::Table(part), Value::Table(whole)) => part.iter().all(|(key, value)| whole.get(key) == Some(value)),
        _ => false,
    }
}

/// The new name that a side has given to a table or a list, with more than half of what is in it.
fn name_now(base: &Table, side: &Table, key: &String) -> Option<String> {
    let Some(Value::Table(before)) = base.get(key) else { return None };
    if side.contains_key(key) || before.is_empty() {
        return None;
    }
    let is_it = |(name, value): &(&String, &Value)| match value {
        Value::Table(now) => {
            !base.contains_key(*name)
                && before.iter().filter(|(key, value)| now.get(*key) == Some(*value)).count() * 2 > before.len()
        }
        _ => false,
    };
    side.iter().find(is_it).map(|(name, _)| name.clone())
}

/// A list of tables that all have a name of their own, by these names.
fn by_name(list: &[Value]) -> Option<Value> {
    let mut named = BTreeMap::new();
    for item in list {
        let Value::Table(table) = item else { return None };
        let name = ["name", "label", "id", "key"]
            .iter()
            .find_map(|name| table.iter().find(|(key, _)| key.contains(&format!("\"{name}\"")) || key == name));
        let Some((_, Value::Scalar(name))) = name else { return None };
        if named.insert(name.clone(), item.clone()).is_some() {
            return None;
        }
    }
    Some(Value::Table(named))
}
