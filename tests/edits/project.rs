//! Projects in memory: made, edited, changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Gathered, Given, gather};
use neoforge::merge::Change;
use neoforge::plan::{ChangePlan, Draft, Side};
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree, TreePath};
use regex::Regex;
use serde::Serialize as _;
use toml_edit::{DocumentMut, Item, RawString, TomlError};

use crate::case::{Case, Edit};
use crate::later;

/// The files of a project, to be changed.
type Files = BTreeMap<TreePath, File>;

static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| load(&embedded::template()).expect("the built-in template loads"));

static LATER: LazyLock<Template> = LazyLock::new(|| {
    load(&later::version(&embedded::template())).unwrap_or_else(|problems| panic!("the later version: {problems}"))
});

/// A project as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    record: Record,
    is_later: bool,
    pub(crate) files: FileTree,
}

/// What became of an edited project.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The steps of the chain, up to the first conflict.
    pub(crate) steps: Vec<Step>,
}

/// One command of a chain.
#[derive(Debug)]
pub(crate) struct Step {
    /// The first word of the command.
    pub(crate) verb: String,
    /// What the template made before.
    pub(crate) base: FileTree,
    /// The project before.
    pub(crate) ours: FileTree,
    /// What the template makes now.
    pub(crate) theirs: FileTree,
    /// What was merged.
    pub(crate) plan: ChangePlan,
    /// The project after; files in conflict are as they were.
    pub(crate) result: FileTree,
}

impl Project {
    /// A new project.
    pub(crate) fn new(features: &BTreeSet<String>, answers: &BTreeMap<String, String>) -> Self {
        let given = Given {
            name: Some("bookshop".into()),
            features: Some(features.clone()),
            set: answers.clone(),
            ..Given::default()
        };
        let record = Record { template: id(&TEMPLATE), answers: answered(&TEMPLATE, &given).answers };
        let files = side(&TEMPLATE, &record).tree;
        Self { record, is_later: false, files }
    }

    /// The project after the edits of a case.
    pub(crate) fn edited(&self, case: &Case) -> Result<Self, String> {
        let mut files: Files = self.files.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
        for edit in &case.edit {
            apply(edit, &mut files)?;
        }
        for (path, bytes) in &case.files {
            files.insert(parsed(path)?, File::plain(bytes.clone()));
        }
        Ok(Self { files: files.into_iter().collect(), ..self.clone() })
    }

    /// The project after the commands of a line.
    pub(crate) fn run(&self, line: &str) -> Outcome {
        let mut project = self.clone();
        let mut steps: Vec<Step> = Vec::new();
        for command in line.split(" then ") {
            let (step, after) = project.change(command);
            let clean = step.plan.merge.conflicts().next().is_none();
            steps.push(step);
            project = after;
            if !clean {
                break;
            }
        }
        Outcome { steps }
    }

    fn change(&self, command: &str) -> (Step, Self) {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let words = || rest.split_whitespace().map(str::to_owned);
        let answers = &self.record.answers;
        let mut given = Given::again(answers);
        let before = if self.is_later { &*LATER } else { &*TEMPLATE };
        let mut after = before;
        match verb {
            "add" => given.with = words().collect(),
            "remove" => given.without = words().collect(),
            "set" => {
                let pairs = words().map(|pair| pair.split_once('=').map(|(key, value)| (key.into(), value.into())));
                given.set = pairs.collect::<Option<_>>().unwrap_or_else(|| panic!("`{command}` has no pairs"));
                given.name = given.set.remove("name").or(given.name);
                given.answers.retain(|key, _| !given.set.contains_key(key));
            }
            "update" => after = &*LATER,
            _ => panic!("there is no command `{verb}`"),
        }
        let plan = self.plan(command, before, after, given);
        let mut files: Files = self.files.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
        for (path, change) in &plan.merge.changes {
            match change {
                Change::Write(file) => _ = files.insert(path.clone(), file.clone()),
                Change::Remove => _ = files.remove(path),
                Change::Conflict(_) => {}
            }
        }
        let result: FileTree = files.into_iter().collect();
        let (record, is_later) = (plan.after.record.clone(), id(after) == id(&LATER));
        let (base, theirs) = (plan.before.tree.clone(), plan.after.tree.clone());
        let step = Step { verb: verb.to_owned(), base, ours: self.files.clone(), theirs, plan, result: result.clone() };
        (step, Self { record, is_later, files: result })
    }

    /// What [`Draft::plan`] makes, without rendering again what was rendered for another case.
    fn plan(&self, command: &str, before: &Template, after: &Template, given: Given) -> ChangePlan {
        let gathered = answered(after, &given);
        let record = Record { template: id(after), answers: gathered.answers.clone() };
        let (base, theirs) = (side(before, &self.record), side(after, &record));
        let plan = ChangePlan::new(command.to_owned(), after, base, theirs, &gathered, self.files.clone());
        if plan.in_use(before, after).is_empty() {
            return plan;
        }
        let (subject, record, ours) = (command.to_owned(), self.record.clone(), self.files.clone());
        let draft = Draft { subject, record, before, after, id: id(after), ours };
        draft.plan(given, false, &mut Defaults).unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}

impl Outcome {
    /// Whether no person has to choose.
    pub(crate) fn is_clean(&self) -> bool {
        self.conflicts().is_empty()
    }

    /// The files in which a person has to choose.
    pub(crate) fn conflicts(&self) -> Vec<String> {
        let conflicts = self.steps.iter().flat_map(|step| step.plan.merge.conflicts());
        conflicts.map(|(path, _)| path.to_string()).collect()
    }

    /// Whether the template changes a file that the person has changed, moved or deleted.
    pub(crate) fn meets(&self) -> bool {
        self.steps.iter().any(|step| {
            let differs = |path: &TreePath, other: &FileTree| step.base.get(path.as_str()) != other.get(path.as_str());
            let paths = step.base.iter().chain(&step.ours).map(|(path, _)| path);
            paths
                .filter(|path| differs(path, &step.ours))
                .any(|path| differs(path, &step.theirs) && path.as_str() != "neoforge.toml")
        })
    }

    /// The project after all steps.
    pub(crate) fn result(&self) -> &FileTree {
        &self.steps.last().expect("a chain has steps").result
    }
}

/// What a template makes of a record.
fn side(template: &Template, record: &Record) -> Side {
    static MADE: Memory<Side> = LazyLock::new(Mutex::default);
    once(&MADE, record.render(), || Side::new(template, record.clone()).expect("a render"))
}

/// The answers to all questions of a template.
fn answered(template: &Template, given: &Given) -> Gathered {
    static ANSWERED: Memory<Gathered> = LazyLock::new(Mutex::default);
    let key = format!("{} {given:?}", template.manifest.version.get_ref());
    once(&ANSWERED, key, || gather(template, given, &mut Defaults).unwrap_or_else(|error| panic!("{given:?}: {error}")))
}

/// Values that many cases ask for.
type Memory<T> = LazyLock<Mutex<HashMap<String, T>>>;

fn once<T: Clone>(memory: &Memory<T>, key: String, make: impl FnOnce() -> T) -> T {
    let found = memory.lock().expect("nothing has failed").get(&key).cloned();
    found.unwrap_or_else(|| {
        let value = make();
        memory.lock().expect("nothing has failed").insert(key, value.clone());
        value
    })
}

fn id(template: &Template) -> TemplateId {
    let version = template.manifest.version.get_ref().clone();
    TemplateId { source: BUILT_IN.into(), version, commit: None, content: None }
}

fn parsed(path: &str) -> Result<TreePath, String> {
    TreePath::parse(path).map_err(|error| error.to_string())
}

fn apply(edit: &Edit, files: &mut Files) -> Result<(), String> {
    match edit {
        Edit::After { file, after, text } => rewrite(files, file, |old| {
            let at = place(old, after)?;
            let end = old[at..].find('\n').map_or(old.len(), |end| at + end + 1);
            Ok(format!("{}{}{}", &old[..end], lines(text), &old[end..]))
        }),
        Edit::Before { file, before, text } => rewrite(files, file, |old| {
            let at = place(old, before)?;
            let start = old[..at].rfind('\n').map_or(0, |end| end + 1);
            Ok(format!("{}{}{}", &old[..start], lines(text), &old[start..]))
        }),
        Edit::Replace { file, replace, with } => rewrite(files, file, |old| {
            let at = place(old, replace)?;
            Ok(format!("{}{with}{}", &old[..at], &old[at + replace.len()..]))
        }),
        Edit::Append { file, append } => rewrite(files, file, |old| Ok(format!("{old}{append}"))),
        Edit::Delete { delete } => {
            for path in below(files, delete)? {
                files.remove(&path);
            }
            Ok(())
        }
        Edit::Move { from, to } => {
            for path in below(files, from)? {
                let rest = &path.as_str()[from.len()..];
                let file = files.remove(&path).ok_or("a file is there")?;
                files.insert(parsed(&format!("{to}{rest}"))?, file);
            }
            Ok(())
        }
        Edit::Rename { rename, to, under } => {
            let word = Regex::new(&format!(r"\b{rename}\b")).map_err(|error| error.to_string())?;
            let mut found = false;
            for (path, file) in files.iter_mut() {
                let text = file.text().filter(|text| word.is_match(text));
                if let Some(text) = text.filter(|_| under.iter().any(|under| path.as_str().starts_with(under))) {
                    file.bytes = word.replace_all(text, to).into_owned().into();
                    found = true;
                }
            }
            if found { Ok(()) } else { Err(format!("no file has the word `{rename}`")) }
        }
        Edit::Reformat { reformat, config } => {
            for path in below(files, reformat)? {
                let suffix = suffix(&path).to_owned();
                rewrite(files, path.as_str(), |old| match suffix.as_str() {
                    "rs" => rustfmt(old, config.as_deref().unwrap_or_default()),
                    "json" => json(old),
                    "css" => Ok(css(old)),
                    _ => Ok(old.to_owned()),
                })?;
            }
            Ok(())
        }
        Edit::Sort { sort } => rewrite(files, sort, sorted),
        Edit::Header { header, under } => {
            for path in below(files, under)?.iter().filter(|path| suffix(path) == "rs") {
                rewrite(files, path.as_str(), |old| Ok(format!("{header}{old}")))?;
            }
            Ok(())
        }
        Edit::Crlf { crlf } => {
            for path in below(files, crlf)? {
                rewrite(files, path.as_str(), |old| Ok(old.replace('\n', "\r\n")))?;
            }
            Ok(())
        }
    }
}

/// The one place where a text stands.
fn place(text: &str, anchor: &str) -> Result<usize, String> {
    let mut places = text.match_indices(anchor);
    match (places.next(), places.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => Err(format!("there is no {anchor:?}")),
        _ => Err(format!("{anchor:?} occurs more than once")),
    }
}

fn lines(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

fn rewrite(files: &mut Files, path: &str, change: impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
    let file = files.get_mut(path).ok_or_else(|| format!("there is no {path}"))?;
    let old = file.text().ok_or_else(|| format!("{path} is no text"))?;
    file.bytes = change(old).map_err(|problem| format!("{path}: {problem}"))?.into();
    Ok(())
}

/// What stands behind the last dot of a path.
fn suffix(path: &TreePath) -> &str {
    path.as_str().rsplit('.').next().unwrap_or_default()
}

/// The path of a file, or those of the files of a folder; all files for an empty path.
fn below(files: &Files, path: &str) -> Result<Vec<TreePath>, String> {
    let is_below = |file: &&TreePath| {
        let rest = file.as_str().strip_prefix(path);
        rest.is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    let found: Vec<TreePath> = files.keys().filter(is_below).cloned().collect();
    if found.is_empty() { Err(format!("there is no {path}")) } else { Ok(found) }
}

fn rustfmt(text: &str, config: &str) -> Result<String, String> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024", "--config", config]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().map_err(|error| format!("rustfmt: {error}"))?;
    let mut input = process.stdin.take().ok_or("rustfmt reads its input")?;
    input.write_all(text.as_bytes()).map_err(|error| format!("rustfmt: {error}"))?;
    drop(input);
    let output = process.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err("rustfmt refuses it".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn json(text: &str) -> Result<String, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    value.serialize(&mut writer).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).map_err(|error| error.to_string())? + "\n")
}

/// The dependencies in the order of the alphabet, as cargo-sort has them.
fn sorted(text: &str) -> Result<String, String> {
    let mut manifest: DocumentMut = text.parse().map_err(|error: TomlError| error.to_string())?;
    for place in [&["dependencies"][..], &["dev-dependencies"], &["workspace", "dependencies"]] {
        // `Item::get_mut` would make the tables that are missing.
        let table = place.iter().try_fold(manifest.as_item_mut(), |item, key| item.as_table_like_mut()?.get_mut(key));
        let Some(table) = table.and_then(Item::as_table_mut) else { continue };
        table.sort_values();
        for (mut key, _) in table.iter_mut() {
            let comments =
                key.leaf_decor().prefix().and_then(RawString::as_str).unwrap_or_default().trim_start().to_owned();
            key.leaf_decor_mut().set_prefix(comments);
        }
    }
    Ok(manifest.to_string())
}

/// One declaration a line, and no rule on one line, as prettier has it.
fn css(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    let mut line = |text: &str, depth: usize| {
        if !text.trim().is_empty() {
            out.push_str(&"  ".repeat(depth));
            out.push_str(text.trim());
            out.push('\n');
        } else if !out.ends_with("\n\n") {
            out.push('\n');
        }
    };
    for source in text.lines() {
        if source.trim().is_empty() || source.trim_start().starts_with("/*") {
            line(source, depth);
            continue;
        }
        let mut rest = source.trim();
        while let Some(at) = rest.find(['{', ';', '}']) {
            let (part, sign) = (&rest[..at], &rest[at..=at]);
            match sign {
                "{" => {
                    line(&rest[..=at], depth);
                    depth += 1;
                }
                ";" => line(&rest[..=at], depth),
                _ => {
                    if !part.trim().is_empty() {
                        line(part, depth);
                    }
                    depth = depth.saturating_sub(1);
                    line("}", depth);
                }
            }
            rest = rest[at + 1..].trim_start();
        }
        if !rest.is_empty() {
            line(rest, depth);
        }
    }
    out
}
