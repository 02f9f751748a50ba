//! The direction of the modules: each may use those that are listed for it, and the core has no effects.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module at the top of `src`, from the bottom up, with what it may use.
const MAY_USE: [(&str, &[&str]); 25] = [
    ("tree", &[]),
    ("unified", &["tree"]),
    ("archive", &["tree"]),
    ("lock", &["tree"]),
    ("merge", &["lock", "tree"]),
    ("template", &["lock", "tree"]),
    ("answers", &["template", "tree"]),
    ("render", &["answers", "lock", "template", "tree"]),
    ("gather", &["render", "answers", "template", "tree"]),
    ("matrix", &["gather", "render", "answers", "template", "tree"]),
    ("check", &["matrix", "gather", "render", "answers", "template", "tree"]),
    ("plan", &["merge", "gather", "lock", "render", "answers", "template", "tree", "unified"]),
    ("adopt", &["merge", "gather", "render", "answers", "template", "tree"]),
    ("release", &["archive", "gather", "render", "answers", "template", "tree"]),
    ("snapshot", &["gather", "render", "answers", "template", "tree", "unified"]),
    ("interrupt", &[]),
    ("embedded", &["archive", "tree"]),
    ("process", &[]),
    ("project", &["merge", "process", "tree"]),
    ("foreign", &["interrupt", "process", "template"]),
    ("smoke", &["interrupt", "process", "template"]),
    ("ui", &["smoke", "gather", "answers", "template"]),
    ("cli", &[]),
    (
        "commands",
        &[
            "cli",
            "ui",
            "smoke",
            "project",
            "foreign",
            "embedded",
            "interrupt",
            "process",
            "plan",
            "unified",
            "adopt",
            "archive",
            "release",
            "merge",
            "snapshot",
            "check",
            "matrix",
            "gather",
            "lock",
            "render",
            "answers",
            "template",
            "tree",
        ],
    ),
    ("main", &["cli", "commands", "interrupt", "ui"]),
];

/// The modules that never print, prompt, read the environment, the clock or a file.
const PURE: [&str; 14] = [
    "adopt", "tree", "lock", "merge", "release", "template", "answers", "render", "gather", "matrix", "check", "plan",
    "snapshot", "unified",
];

/// What a pure module must not name.
const EFFECTS: [&str; 12] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::time",
    "std::io",
    "println!",
    "eprintln!",
    "console::",
    "dialoguer",
    "indicatif",
    "git2",
];

/// The lines of a file without its tests and comments.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("mod tests"));
    let code = lines.map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("").to_owned()));
    code.collect()
}

/// The files of each module at the top of `src`.
fn modules() -> Vec<(String, Vec<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = Vec::new();
    for entry in fs::read_dir(root).expect("src is there") {
        let path = entry.expect("src can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are UTF-8").to_owned();
        let files = if path.is_dir() {
            let files = walkdir::WalkDir::new(&path).into_iter().map(|file| file.expect("src can be read").into_path());
            files.filter(|file| file.extension().is_some_and(|kind| kind == "rs")).collect()
        } else {
            vec![path]
        };
        // A folder of data is no module.
        if !files.is_empty() {
            modules.push((name, files));
        }
    }
    modules
}

#[test]
fn modules_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (module, files) in modules() {
        if module == "lib" {
            continue;
        }
        let (_, allowed) =
            MAY_USE.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("`{module}` is not in MAY_USE"));
        for file in files {
            for (number, line) in code(&file) {
                for used in line.match_indices("crate::").map(|(at, _)| &line[at + 7..]).flat_map(names) {
                    if used != module && !allowed.contains(&used.as_str()) {
                        wrong.push(format!("{}:{number}: `{module}` uses `{used}`", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The modules at the start of a path, or of each path in braces.
fn names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    match path.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or("").split(',').map(name).collect(),
        None => vec![name(path)],
    }
}

#[test]
fn the_core_has_no_effects() {
    let mut wrong = Vec::new();
    for (module, files) in modules().into_iter().filter(|(module, _)| PURE.contains(&module.as_str())) {
        for file in files {
            for (number, line) in code(&file) {
                for effect in EFFECTS.iter().filter(|effect| line.contains(**effect)) {
                    wrong.push(format!("{}:{number}: `{module}` names `{effect}`", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Else the variables of a caller's git could reach one of them.
#[test]
fn every_program_is_started_by_the_module_for_it() {
    let others = modules().into_iter().filter(|(module, _)| module != "process").flat_map(|(_, files)| files);
    let wrong: Vec<String> = others
        .flat_map(|file| code(&file).into_iter().map(move |(number, line)| (file.clone(), number, line)))
        .filter(|(_, _, line)| line.contains("Command::new("))
        .map(|(file, number, line)| format!("{}:{number}: {line}", file.display()))
        .collect();
    assert!(wrong.is_empty(), "use `process::command`: {wrong:#?}");
}

#[test]
fn the_lists_name_every_module_once() {
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed.len(), MAY_USE.len());
    let there: BTreeSet<String> = modules().into_iter().map(|(name, _)| name).filter(|name| name != "lib").collect();
    assert_eq!(listed, there.iter().map(String::as_str).collect());
}

#[test]
fn no_file_has_more_than_one_thing_in_it() {
    const MOST: usize = 450;
    let long: Vec<String> = modules()
        .into_iter()
        .flat_map(|(_, files)| files)
        .map(|file| (code(&file).len(), file))
        .filter(|(lines, _)| *lines > MOST)
        .map(|(lines, file)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "split these files: {long:#?}");
}

/// Who tells an error tells its causes, too: one whose text holds its cause says it twice.
#[test]
fn no_error_holds_its_cause_in_its_text() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for file in modules().into_iter().flat_map(|(_, files)| files) {
        let text = fs::read_to_string(&file).expect("src can be read");
        for item in syn::parse_file(&text).expect("src is Rust").items {
            let (name, shapes) = match item {
                syn::Item::Enum(it) => {
                    (it.ident, it.variants.into_iter().map(|variant| (variant.attrs, variant.fields)).collect())
                }
                syn::Item::Struct(it) => (it.ident, vec![(it.attrs, it.fields)]),
                _ => continue,
            };
            for (attributes, fields) in shapes {
                let Some(text) = attributes.iter().find_map(|it| told(it, "error")) else { continue };
                checked += 1;
                let has_source = |text: &str, name: &str| {
                    ["{NAME}", "{NAME:", ".NAME.", ".NAME)", ".NAME,"]
                        .iter()
                        .any(|way| text.contains(&way.replace("NAME", name)))
                        || text.ends_with(&format!(".{name}"))
                };
                for (at, field) in fields.iter().enumerate() {
                    let field_name = field.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
                    let is_source = field_name == "source"
                        || field.attrs.iter().any(|it| it.path().is_ident("source") || it.path().is_ident("from"));
                    if is_source && has_source(&text, &field_name) {
                        wrong.push(format!("{}: {name}: {text}", file.display()));
                    }
                }
            }
        }
    }
    assert!(checked > 100, "{checked} texts are not all");
    assert!(wrong.is_empty(), "say what was tried, and leave the cause to the chain: {wrong:#?}");
}

/// What stands in the parentheses of an attribute of this name.
fn told(attribute: &syn::Attribute, name: &str) -> Option<String> {
    let syn::Meta::List(list) = &attribute.meta else { return None };
    list.path.is_ident(name).then(|| list.tokens.to_string().replace(' ', ""))
}
