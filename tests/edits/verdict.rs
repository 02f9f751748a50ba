//! Whether a result is what the case expects. What a merge must keep, and where, is computed by the judge and from the sets of
//! lines, and not by anything that merges.

#[path = "../judge/mod.rs"]
mod judge;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use neoforge::lock::{self, LockFile};
use neoforge::tree::{File, FileTree, TreePath};

use crate::case::Case;
use crate::project::{Outcome, Step};

/// What is wrong with an outcome.
pub(crate) fn problems(case: &Case, line: &str, outcome: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    for step in &outcome.steps {
        let conflicts: BTreeSet<String> = step.plan.merge.conflicts().map(|(path, _)| path.to_string()).collect();
        let expected = case.conflicts.get(&step.verb).cloned().unwrap_or_default();
        if conflicts != expected {
            problems.push(format!("conflicts in {conflicts:?} instead of {expected:?}\n{}", marked(step)));
            continue;
        }
        problems.extend(kept(step));
        problems.extend(unread(step));
        problems.extend(lost(case, step));
        problems.extend(misplaced(case, step));
        problems.extend(untold(case, step));
        problems.extend(missing(case, step));
    }
    let verbs: Vec<&str> = outcome.steps.iter().map(|step| step.verb.as_str()).collect();
    let named = line.split(" then ").count();
    if outcome.is_clean() && verbs.len() != named {
        problems.push(format!("the chain ended after {verbs:?}"));
    }
    problems
}

/// The texts of all conflicts.
fn marked(step: &Step) -> String {
    let texts = step.plan.merge.conflicts().map(|(path, conflict)| {
        let text = conflict.marked.as_ref().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let begin = lines.iter().position(|line| line.starts_with("<<<<<<<")).unwrap_or_default();
        let end = lines.iter().rposition(|line| line.starts_with(">>>>>>>")).map_or(0, |end| end + 1);
        format!("--- {path}\n{}", lines[begin..end.max(begin)].join("\n"))
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A conflict holds every line that the person wrote.
fn kept(step: &Step) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, conflict) in step.plan.merge.conflicts() {
        let base = Text::of(conflict.base.as_ref());
        let ours = Text::of(conflict.ours.as_ref());
        let shown = match &conflict.marked {
            Some(marked) => Text::of(Some(&File::plain(marked.clone()))),
            None => Text::of(step.result.get(path.as_str())),
        };
        let lost = ours.added_to(&base).into_iter().filter(|line| !shown.has(line));
        problems.extend(lost.map(|line| format!("the conflict in {path} loses {:?}", line.text)));
    }
    problems
}

/// What was merged can be read.
fn unread(step: &Step) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, file) in &step.result {
        if [&step.ours, &step.theirs].iter().any(|side| side.get(path.as_str()) == Some(file)) {
            continue;
        }
        let Some(text) = file.text() else { continue };
        let is_readable = |side: &FileTree| {
            let text = side.get(path.as_str()).and_then(File::text);
            text.is_none_or(|text| judge::unreadable(path.as_str(), text).is_none())
        };
        let mistake = match path.as_str().rsplit('.').next() {
            Some("lock") => LockFile::parse(text).err().map(|error| error.to_string()),
            // What the person's own file says is theirs to get right.
            _ if is_readable(&step.ours) => judge::unreadable(path.as_str(), text),
            _ => None,
        };
        problems.extend(mistake.map(|mistake| format!("{path} cannot be read: {mistake}\n{text}")));
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            problems.push(format!("{path} has markers of a conflict"));
        }
    }
    problems
}

/// Lines of either side that are missing in the result, and lines that one of them has removed and that are there.
fn lost(case: &Case, step: &Step) -> Vec<String> {
    let in_conflict: BTreeSet<&TreePath> = step.plan.merge.conflicts().map(|(path, _)| path).collect();
    let mixed = |line: &Line| case.mixed.iter().any(|part| line.text.contains(part.as_str()));
    let yours = Changed::new(&step.base, &step.ours);
    let theirs = Changed::new(&step.base, &step.theirs);
    let mut problems = Vec::new();
    for (whose, side, tree, other) in
        [("yours", &yours, &step.ours, &theirs), ("the template's", &theirs, &step.theirs, &yours)]
    {
        for (path, lines) in &side.added {
            if is_lock(path) || in_conflict.contains(path) || is_left_alone(step, path) {
                continue;
            }
            let here = step.result.get(path.as_str());
            let text = Text::of(here);
            for line in lines.iter().filter(|line| !text.has(line)) {
                let elsewhere = || step.result.iter().any(|(_, file)| Text::of(Some(file)).has(line));
                if !other.gone.contains(&line.squeezed) && !mixed(line) && (here.is_some() || !elsewhere()) {
                    problems.push(format!("{path} has lost {:?}, which is {whose}", line.text));
                }
            }
        }
        for (path, lines) in &side.removed {
            // A file that one side has moved away may come back for the other.
            let stays = tree.get(path.as_str()).is_some() && !in_conflict.contains(path) && !is_lock(path);
            let Some(file) = step.result.get(path.as_str()).filter(|_| stays) else { continue };
            let text = Text::of(Some(file));
            let here: HashSet<&str> = text.lines.iter().map(|line| line.squeezed.as_str()).collect();
            for line in lines {
                if here.contains(line.squeezed.as_str()) && !other.adds(path, line) && !mixed(line) {
                    problems.push(format!("{path} still has {:?}, which {whose} side has removed", line.text));
                }
            }
        }
    }
    problems
}

/// Lines that stand elsewhere than where they were written, and all else that the judge finds in a merged file.
fn misplaced(case: &Case, step: &Step) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, file) in &step.result {
        let sides = [&step.base, &step.ours, &step.theirs].map(|tree| tree.get(path.as_str()).and_then(File::text));
        let ([Some(base), Some(ours), Some(theirs)], Some(merged)) = (sides, file.text()) else { continue };
        let in_conflict = step.plan.merge.conflicts().any(|(conflict, _)| conflict == path);
        if in_conflict || is_lock(path) || is_left_alone(step, path) || is_written_anew(base, ours) {
            continue;
        }
        let [base, ours, theirs, merged] = [base, ours, theirs, merged].map(|text| without_exclusions(path, text));
        let violations = judge::judge(path.as_str(), &base, &ours, &theirs, &merged).into_iter();
        let violations = violations.filter(|it| !case.mixed.iter().any(|part| it.line.contains(part.as_str())));
        problems.extend(violations.map(|it| format!("{path}: {:?}: {:?} {}", it.rule, it.line, it.detail)));
    }
    problems
}

/// The folders that the workspace leaves out follow from what stays of crates that go, and neither side writes them.
fn without_exclusions<'a>(path: &TreePath, text: &'a str) -> Cow<'a, str> {
    if path.as_str() != "Cargo.toml" || !text.contains("\nexclude = [") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_inclusive('\n').filter(|line| !line.starts_with("exclude = [")).collect())
}

/// Whether most lines are other ones, as where a person has formatted a file by other rules: its lines have no places to compare.
fn is_written_anew(base: &str, ours: &str) -> bool {
    let lines: HashSet<&str> = ours.lines().map(str::trim).collect();
    let kept = base.lines().filter(|line| lines.contains(line.trim())).count();
    kept * 4 < base.lines().count() * 3
}

/// What stands in a lock file follows from the manifests: tests/lock holds it against what cargo writes.
fn is_lock(path: &TreePath) -> bool {
    path.as_str() == lock::PATH
}

/// Whether the person has deleted this file or written it anew, and the command told so.
fn is_left_alone(step: &Step, path: &TreePath) -> bool {
    let told = [format!("you have deleted {path}:"), format!("you have written {path} anew:")];
    step.plan.notes().iter().any(|note| told.iter().any(|told| note.contains(told)))
}

fn untold(case: &Case, step: &Step) -> Vec<String> {
    let notes = step.plan.notes();
    let expected = case.tells.get(&step.verb).into_iter().flatten();
    expected
        .filter(|text| !notes.iter().any(|note| note.contains(text.as_str())))
        .map(|text| format!("nothing tells {text:?}, only {notes:?}"))
        .collect()
}

fn missing(case: &Case, step: &Step) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, lines) in case.lines.get(&step.verb).into_iter().flatten() {
        let text = step.result.get(path).and_then(File::text).unwrap_or_default();
        for line in lines.iter().filter(|line| !text.lines().any(|it| it.trim() == line.trim())) {
            problems.push(format!("{path} has no line {line:?}; it is\n{text}"));
        }
    }
    problems
}

/// The lines of a text, and all of it without what comes and goes when code is formatted: blanks, commas and braces.
struct Text {
    lines: Vec<Line>,
    squeezed: String,
}

/// A line as it stands, and without what comes and goes.
#[derive(Clone)]
struct Line {
    text: String,
    squeezed: String,
}

impl Text {
    /// Most files are the same in most runs.
    fn of(file: Option<&File>) -> Arc<Self> {
        static KNOWN: LazyLock<Mutex<HashMap<Bytes, Arc<Text>>>> = LazyLock::new(Mutex::default);
        let Some(file) = file else { return Arc::new(Self::parse("")) };
        let mut known = KNOWN.lock().expect("no text has failed");
        let parse = || Arc::new(Self::parse(file.text().unwrap_or_default()));
        Arc::clone(known.entry(file.bytes.clone()).or_insert_with(parse))
    }

    fn parse(text: &str) -> Self {
        let line = |text: &str| Line { text: text.to_owned(), squeezed: squeezed(text) };
        let lines: Vec<Line> = text.lines().map(line).collect();
        let squeezed = lines.iter().map(|line| line.squeezed.as_str()).collect();
        Self { lines, squeezed }
    }

    fn has(&self, line: &Line) -> bool {
        self.squeezed.contains(&line.squeezed)
    }

    /// The lines that `old` does not have. Brackets alone say nothing.
    fn added_to(&self, old: &Self) -> Vec<Line> {
        self.lines.iter().filter(|line| line.squeezed.len() > 3 && !old.has(line)).cloned().collect()
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, ',' | '{' | '}')).collect()
}

/// The lines that one side has added and removed, by file.
struct Changed {
    added: BTreeMap<TreePath, Vec<Line>>,
    removed: BTreeMap<TreePath, Vec<Line>>,
    /// Those that are gone from a file, wherever it is; one that was moved elsewhere is gone from where it was.
    gone: HashSet<String>,
}

impl Changed {
    fn new(base: &FileTree, side: &FileTree) -> Self {
        let mut changed = Self { added: BTreeMap::new(), removed: BTreeMap::new(), gone: HashSet::new() };
        let paths: BTreeSet<&TreePath> = base.iter().chain(side).map(|(path, _)| path).collect();
        for path in paths.into_iter().filter(|path| base.get(path.as_str()) != side.get(path.as_str())) {
            let (old, new) = (Text::of(base.get(path.as_str())), Text::of(side.get(path.as_str())));
            changed.added.insert(path.clone(), new.added_to(&old));
            let removed = old.added_to(&new);
            changed.gone.extend(removed.iter().map(|line| line.squeezed.clone()));
            changed.removed.insert(path.clone(), removed);
        }
        changed
    }

    fn adds(&self, path: &TreePath, line: &Line) -> bool {
        self.added.get(path).is_some_and(|lines| lines.iter().any(|added| added.squeezed.contains(&line.squeezed)))
    }
}
