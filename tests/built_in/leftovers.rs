//! No trace of the template, of a slot that stayed empty, or of a feature that is not there.

use std::collections::BTreeSet;

use neoforge::tree::File;
use toml::{Table, Value};

use super::{PROJECTS, Project, ends, is_rust};

/// Everything that `find` sees in some project, once for each text, with one project that has it.
fn found(find: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for Project { name, tree, .. } in &*PROJECTS {
        for (path, file) in tree {
            let Some(text) = file.text().filter(|_| seen.insert((path.as_str(), &file.bytes))) else { continue };
            found.extend(find(path.as_str(), text).into_iter().map(|what| format!("{name}: {path}{what}")));
        }
    }
    found
}

#[track_caller]
fn assert_none(find: impl Fn(&str, &str) -> Vec<String>) {
    let found = found(find);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_marker_and_no_liquid() {
    assert_none(|path, text| {
        // askama's templates look like liquid, and so does what is said about them. Rust files are never rendered.
        let is_about_askama = path.starts_with("docs/features/") || path == "docs/tutorial.md";
        let may_show_askama = path.contains("/templates/") || is_about_askama || is_rust(path);
        let marker = text.contains("@slot").then(|| ": a marker".to_owned());
        marker.into_iter().chain((!may_show_askama && text.contains("{% ")).then(|| ": liquid".to_owned())).collect()
    });
}

#[test]
fn no_blank_too_many() {
    assert_none(|_, text| {
        let mut wrong = Vec::new();
        let mut check = |is_wrong: bool, what: &str| wrong.extend(is_wrong.then(|| format!(": {what}")));
        check(!text.is_empty() && !text.ends_with('\n'), "no line end at the end");
        check(text.starts_with('\n'), "a blank line at the beginning");
        check(text.ends_with("\n\n"), "a blank line at the end");
        check(text.contains("\n\n\n"), "two blank lines");
        check(text.contains('\r'), "a line end of another system");
        let lines = text.lines().enumerate().filter(|(_, line)| line.trim_end() != *line);
        wrong.extend(lines.map(|(number, _)| format!(":{}: trailing blanks", number + 1)));
        wrong
    });
}

#[test]
fn no_empty_file() {
    for project in &*PROJECTS {
        for (path, file) in &project.tree {
            assert!(File::text(file).is_none_or(|text| !text.trim().is_empty()), "{}: {path}", project.name);
        }
    }
}

#[test]
fn no_heading_and_no_table_without_content() {
    assert_none(|path, text| {
        if !ends(path, "md") {
            return Vec::new();
        }
        let mut is_code = false;
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(number, line)| {
                is_code ^= line.trim_start().starts_with("```");
                // Within a block of code, nothing is a heading.
                (number + 1, if is_code { "code" } else { line })
            })
            .collect();
        let level = |line: &str| line.find(|c| c != '#').filter(|level| *level > 0 && line[*level..].starts_with(' '));
        let mut wrong = Vec::new();
        for (at, (number, line)) in lines.iter().enumerate() {
            let next = lines.get(at + 1).map(|(_, next)| *next);
            if let Some(own) = level(line) {
                let is_empty = next.is_none_or(|next| level(next).is_some_and(|next| next <= own));
                wrong.extend(is_empty.then(|| format!(":{number}: a heading without content")));
            }
            if line.starts_with("|---") && !next.is_some_and(|next| next.starts_with('|')) {
                wrong.push(format!(":{number}: a table without rows"));
            }
        }
        wrong
    });
}

#[test]
fn toml_and_json_can_be_read_and_have_no_empty_table() {
    fn empty(table: &Table, name: &str) -> Vec<String> {
        let tables = table.iter().filter_map(|(key, value)| Some((format!("{name}.{key}"), value.as_table()?)));
        let inner = tables.flat_map(|(name, table)| empty(table, &name));
        table.is_empty().then(|| format!(": `{name}` is empty")).into_iter().chain(inner).collect()
    }
    assert_none(|path, text| match path {
        _ if ends(path, "toml") => match text.parse::<Table>() {
            Err(error) => vec![format!(": {error}")],
            Ok(table) => table.values().filter_map(Value::as_table).flat_map(|table| empty(table, "table")).collect(),
        },
        _ if ends(path, "json") => {
            let read = serde_json::from_str::<serde_json::Value>(text);
            read.err().map(|error| format!(": {error}")).into_iter().collect()
        }
        _ => Vec::new(),
    });
}
