//! The workspace that a new project stands in, whose member it becomes, as with cargo-generate and `cargo new`.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, RawString, Value};

/// What a project is to the workspace around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// It becomes a member.
    Joins {
        /// The manifest of the workspace.
        manifest: PathBuf,
        /// Its text with the new member in it.
        text: String,
    },
    /// It does not become a member, for this reason.
    StaysOut {
        /// The manifest of the workspace.
        manifest: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no workspace around it, or one of whose members it is one already.
    Nothing,
}

/// What the project at `target` is to the workspace around it; `project` is where its files stand now.
#[must_use]
pub fn membership(target: &Path, project: &Path) -> Membership {
    let Ok(own) = fs::read_to_string(project.join("Cargo.toml")) else { return Membership::Nothing };
    for folder in target.ancestors().skip(1) {
        let manifest = folder.join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        let stays_out = |reason: String, manifest| Membership::StaysOut { manifest, reason };
        let mut document = match text.parse::<DocumentMut>() {
            Ok(document) => document,
            Err(error) => return stays_out(format!("it cannot be read: {}", error.message()), manifest),
        };
        let Some(workspace) = document.get_mut("workspace") else { continue };
        if own.parse::<DocumentMut>().is_ok_and(|own| own.contains_key("workspace")) {
            return stays_out("the project is a workspace itself".to_owned(), manifest);
        }
        let inside = target.strip_prefix(folder).unwrap_or(target);
        let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
        let member = names.join("/");
        if list(workspace, "exclude").iter().any(|excluded| inside.starts_with(excluded)) {
            return stays_out(format!("it excludes {member:?}"), manifest);
        }
        if list(workspace, "members").iter().any(|pattern| covers(pattern, &member)) {
            return Membership::Nothing;
        }
        if !join(workspace, &member) {
            return stays_out("its `members` are no list".to_owned(), manifest);
        }
        return Membership::Joins { manifest, text: document.to_string() };
    }
    Membership::Nothing
}

fn list(workspace: &Item, key: &str) -> Vec<String> {
    let values = workspace.get(key).and_then(Item::as_array);
    values.map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
}

/// Whether a pattern of `members` stands for the member; `*` and `?` stand for anything but a slash.
fn covers(pattern: &str, member: &str) -> bool {
    let escaped = regex::escape(pattern.trim_end_matches('/'));
    let pattern = escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]");
    regex::Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(member))
}

/// Adds a member where it belongs: in order, if the others are.
fn join(workspace: &mut Item, member: &str) -> bool {
    let Some(table) = workspace.as_table_like_mut() else { return false };
    let members = table.entry("members").or_insert(Item::Value(Value::Array(toml_edit::Array::new())));
    let Some(members) = members.as_array_mut() else { return false };
    let names: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
    let at = if names.is_sorted() { names.partition_point(|name| *name < member) } else { names.len() };
    let mut value = Value::from(member);
    if let Some(next) = members.get_mut(at) {
        let before = text(next.decor().prefix());
        let (_, line) = last_line(&before);
        next.decor_mut().set_prefix(line.unwrap_or(" "));
        value.decor_mut().set_prefix(&before);
    } else if let Some(last) = at.checked_sub(1).and_then(|last| members.get_mut(last)) {
        let indent = text(last.decor().prefix());
        let mut behind = text(last.decor().suffix());
        last.decor_mut().set_suffix("");
        behind.push_str(&text(Some(members.trailing())));
        if let (comment, Some(line)) = last_line(&behind) {
            let indent = last_line(&indent).1.unwrap_or("\n    ");
            value.decor_mut().set_prefix(format!("{comment}{indent}"));
            members.set_trailing(line);
        } else {
            value.decor_mut().set_prefix(" ");
            members.set_trailing(&behind);
        }
    }
    members.insert_formatted(at, value);
    true
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// What comes before the last end of a line, and the rest with it.
fn last_line(text: &str) -> (&str, Option<&str>) {
    match text.rfind("\r\n").or_else(|| text.rfind('\n')) {
        Some(end) => (&text[..end], Some(&text[end..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_joins_the_workspace_around_it() {
        let cases = [
            ("[workspace]\n", "[workspace]\nmembers = [\"b\"]\n"),
            ("[workspace]\nmembers = [] # mine\n", "[workspace]\nmembers = [\"b\"] # mine\n"),
            ("[workspace]\nmembers = [\"a\", \"c\"]\n", "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\n"),
            ("[workspace]\nmembers = [\"c\"]\n", "[workspace]\nmembers = [\"b\", \"c\"]\n"),
            ("[workspace]\nmembers = [\"c\", \"a\"]\n", "[workspace]\nmembers = [\"c\", \"a\", \"b\"]\n"),
            (
                "[workspace]\nmembers = [\n    \"a\", # the first\n    \"c\",\n]\n",
                "[workspace]\nmembers = [\n    \"a\", # the first\n    \"b\",\n    \"c\",\n]\n",
            ),
            (
                "[workspace]\nmembers = [\n    \"a\", # the first\n]\n",
                "[workspace]\nmembers = [\n    \"a\", # the first\n    \"b\",\n]\n",
            ),
            (
                "[workspace]\nmembers = [\n    \"a\" # the first\n]\n",
                "[workspace]\nmembers = [\n    \"a\", # the first\n    \"b\"\n]\n",
            ),
            (
                "[workspace]\nmembers = [\n    \"c\",\n]\n# end\n",
                "[workspace]\nmembers = [\n    \"b\",\n    \"c\",\n]\n# end\n",
            ),
        ];
        for (before, after) in cases {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("Cargo.toml"), before).expect("a file");
            let target = folder.path().join("b");
            fs::create_dir(&target).expect("a folder");
            fs::write(target.join("Cargo.toml"), "[package]\n").expect("a file");
            match membership(&target, &target) {
                Membership::Joins { text, .. } => assert_eq!(text, after),
                other => panic!("{before}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_project_stays_out_where_it_does_not_belong() {
        let cases = [
            ("[workspace]\nmembers = [\"*\"]\n", "[package]\n", "Nothing"),
            ("[workspace]\nmembers = [\"b/\"]\n", "[package]\n", "Nothing"),
            ("[workspace]\nexclude = [\"b\"]\n", "[package]\n", "excludes"),
            ("[workspace]\n", "[workspace]\n", "itself"),
            ("[workspace\n", "[package]\n", "cannot be read"),
            ("[package]\n", "[package]\n", "Nothing"),
        ];
        for (around, own, expected) in cases {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("Cargo.toml"), around).expect("a file");
            let target = folder.path().join("b");
            fs::create_dir(&target).expect("a folder");
            fs::write(target.join("Cargo.toml"), own).expect("a file");
            let found = format!("{:?}", membership(&target, &target));
            assert!(found.contains(expected), "{around}: {found}");
        }
    }
}
