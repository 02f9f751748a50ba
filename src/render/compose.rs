//! From the parts of a selection to one tree: paths, texts, slots.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::RenderError;
use super::listing::{self, Listing};
use super::select::Selection;
use super::text::{Liquid, Variables};
use crate::answers::record::{self, Record};
use crate::lock;
use crate::template::problem::{Place, Problem, ProblemKind, Problems};
use crate::template::{Feature, LOCK, Source, Template, similar, slot};
use crate::tree::{File, FileTree, TreePath};

/// Paths that no template may write, each with who does.
const RESERVED: [(&str, &str); 2] = [(record::PATH, "NeoForge"), (".env", "NeoForge")];

/// Characters of a path: git for Windows writes none of 260 or more, and the folder of the project counts, too.
const LONGEST: usize = 180;

/// From how many files on the work is shared by threads; below, starting them takes longer than it saves.
const MANY_FILES: usize = 64;

pub(super) fn compose(
    template: &Template,
    selection: &Selection<'_>,
    variables: &Variables,
    record: &Record,
) -> Result<FileTree, RenderError> {
    let liquid = Liquid::new();
    let mut problems = Vec::new();
    let mut jobs = jobs(template, selection);
    let inserts = inserts(template, selection, variables, &liquid, &jobs, &mut problems);
    for job in &mut jobs {
        job.inserts = inserts.get(job.source.target.as_str());
    }
    let (files, mut more) = run(&jobs, variables, &liquid);
    problems.append(&mut more);

    let mut tree = FileTree::new();
    let mut origins: HashMap<TreePath, &str> = HashMap::new();
    for (job, path, file) in files {
        if let Some(other) = origins.insert(path.clone(), &job.source.origin) {
            let kind = ProblemKind::PathClash { path: path.to_string(), other: other.to_owned() };
            problems.push(Problem::of_file(&job.source.origin, kind));
        }
        tree.insert(path, file);
    }
    let origin = |path: &TreePath| origins.get(path).map_or_else(|| path.to_string(), |origin| (*origin).to_owned());
    listing::clashes(&tree, origin, &mut problems);
    Problems::none_or(problems)?;
    add_lock(template, &mut tree, &origins)?;
    if let Ok(path) = TreePath::parse(record::PATH) {
        tree.insert(path, File::plain(record.render()));
    }
    Ok(tree)
}

/// Adds the lock file of the project's packages, where the template has one for all projects.
fn add_lock(template: &Template, tree: &mut FileTree, origins: &HashMap<TreePath, &str>) -> Result<(), RenderError> {
    let Some(superset) = &template.lock else { return Ok(()) };
    let Ok(path) = TreePath::parse(lock::PATH) else { return Ok(()) };
    if let Some(origin) = origins.get(&path) {
        let kind = ProblemKind::PathClash { path: path.to_string(), other: LOCK.to_owned() };
        return Err(Problem::of_file(*origin, kind).into());
    }
    match superset.derive(tree) {
        Ok(Some(text)) => _ = tree.insert(path, File::plain(text)),
        Ok(None) => {}
        Err(error) => return Err(Problem::of_file(LOCK, ProblemKind::Lock(error)).into()),
    }
    Ok(())
}

/// A file to make, and what goes into its slots.
struct Job<'a> {
    source: &'a Source,
    /// Where it goes, if that is not what the source says: the folder of the docs' pages and the page's name.
    page: Option<String>,
    inserts: Option<&'a Inserts>,
}

/// The lines for each slot of one file.
type Inserts = BTreeMap<String, Vec<String>>;

fn jobs<'a>(template: &'a Template, selection: &Selection<'a>) -> Vec<Job<'a>> {
    let files = selection.parts.iter().flat_map(|part| &part.files);
    let mut jobs: Vec<Job<'a>> = files.map(|source| Job { source, page: None, inserts: None }).collect();
    if let Some(docs) = &template.manifest.docs {
        for feature in listing::documented(selection) {
            if let Some(source) = &feature.readme {
                let page = Some(format!("{}/{}.md", docs.pages.get_ref(), feature.name));
                jobs.push(Job { source, page, inserts: None });
            }
        }
    }
    jobs
}

/// The inserts by file and slot. Each is rendered by itself, so that an error points to the line of its manifest.
fn inserts(
    template: &Template,
    selection: &Selection<'_>,
    variables: &Variables,
    liquid: &Liquid,
    jobs: &[Job<'_>],
    problems: &mut Vec<Problem>,
) -> HashMap<String, Inserts> {
    let targets: HashMap<&str, &Source> =
        jobs.iter().filter(|job| job.page.is_none()).map(|job| (job.source.target.as_str(), job.source)).collect();
    let mut inserts: HashMap<String, Inserts> = HashMap::new();
    let mut add = |into: &str, slot: &str, text: String| {
        if !text.is_empty() {
            inserts.entry(into.to_owned()).or_default().entry(slot.to_owned()).or_default().push(text);
        }
    };
    for part in &selection.parts {
        for insert in &part.manifest.insert {
            let (into, slot) = (insert.into.get_ref(), insert.slot.get_ref());
            let target = match find_slot(&targets, into, slot) {
                Ok(target) => target,
                Err(kind @ ProblemKind::UnknownTarget { .. }) => {
                    let kind = owner(template, into).map_or(kind, |owner| ProblemKind::ForeignTarget {
                        file: into.clone(),
                        owner: owner.name.clone(),
                    });
                    problems.push(part.problem(insert.into.span(), kind));
                    continue;
                }
                Err(kind) => {
                    problems.push(part.problem(insert.slot.span(), kind));
                    continue;
                }
            };
            let text = insert.text.get_ref();
            if !target.liquid {
                add(into, slot, text.clone());
                continue;
            }
            match liquid.render(text, variables) {
                Ok(text) => add(into, slot, text),
                Err(error) => problems.push(part.problem(insert.text.span(), error.kind)),
            }
        }
    }
    for listing in listing::listings(template, selection, variables, liquid, problems) {
        let Listing { into, slot, .. } = &listing;
        match find_slot(&targets, into, slot) {
            Ok(_) => add(&listing.into, &listing.slot, listing.text),
            Err(kind) => problems.push(listing::missing(template, &listing, kind)),
        }
    }
    inserts
}

fn find_slot<'a>(targets: &HashMap<&str, &'a Source>, file: &str, slot: &str) -> Result<&'a Source, ProblemKind> {
    let Some(source) = targets.get(file) else {
        let similar = similar(file, targets.keys().copied());
        return Err(ProblemKind::UnknownTarget { file: file.to_owned(), similar });
    };
    if source.slots.iter().any(|name| name == slot) {
        return Ok(source);
    }
    let similar = similar(slot, source.slots.iter().map(String::as_str));
    Err(ProblemKind::UnknownSlot { file: file.to_owned(), slot: slot.to_owned(), similar })
}

/// The feature that brings a file which the selection does not have.
fn owner<'a>(template: &'a Template, file: &str) -> Option<&'a Feature> {
    template.features.values().find(|feature| feature.files.iter().any(|source| source.target == file))
}

type Made<'a, 'b> = (&'b Job<'a>, TreePath, File);

/// Makes the files, by as many threads as it is worth.
fn run<'a, 'b>(jobs: &'b [Job<'a>], variables: &Variables, liquid: &Liquid) -> (Vec<Made<'a, 'b>>, Vec<Problem>) {
    let work = |jobs: &'b [Job<'a>]| {
        let (mut files, mut problems) = (Vec::with_capacity(jobs.len()), Vec::new());
        for job in jobs {
            match make(job, variables, liquid) {
                Ok((path, file)) => files.push((job, path, file)),
                Err(mut found) => problems.append(&mut found),
            }
        }
        (files, problems)
    };
    let threads = if jobs.len() < MANY_FILES { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    if threads == 1 {
        return work(jobs);
    }
    std::thread::scope(|scope| {
        let parts = jobs.chunks(jobs.len().div_ceil(threads));
        let workers: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let (mut files, mut problems) = (Vec::with_capacity(jobs.len()), Vec::new());
        for worker in workers {
            let (mut some, mut more) = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            files.append(&mut some);
            problems.append(&mut more);
        }
        (files, problems)
    })
}

fn make(job: &Job<'_>, variables: &Variables, liquid: &Liquid) -> Result<(TreePath, File), Vec<Problem>> {
    let Source { origin, file, .. } = job.source;
    let path = path(job, variables, liquid).map_err(|kind| vec![Problem::of_file(origin, kind)])?;
    if !job.source.liquid && job.source.slots.is_empty() {
        return Ok((path, file.clone()));
    }
    let text = file.text().unwrap_or_default();
    let at = |offset| Place::at(origin, text, offset);
    let mut rendered = if job.source.liquid {
        liquid.render(text, variables).map_err(|error| vec![Problem { place: at(error.offset), kind: error.kind }])?
    } else {
        text.to_owned()
    };
    if rendered.contains('\r') {
        rendered = rendered.replace("\r\n", "\n");
    }
    if !job.source.slots.is_empty() {
        rendered = fill(&rendered, job).map_err(|slot| {
            let offset = slot::find(text).0.iter().find(|found| found.name == slot).map_or(0, |found| found.line.start);
            vec![Problem { place: at(offset), kind: ProblemKind::UnstableSlot { slot } }]
        })?;
    }
    Ok((path, File { bytes: Bytes::from(rendered), executable: file.executable }))
}

fn path(job: &Job<'_>, variables: &Variables, liquid: &Liquid) -> Result<TreePath, ProblemKind> {
    let target = job.page.as_ref().unwrap_or(&job.source.target);
    let path = if target.contains("{{") || target.contains("{%") {
        let rendered = liquid.render(target, variables).map_err(|error| error.kind)?;
        TreePath::parse(rendered).map_err(ProblemKind::BadRenderedPath)?
    } else {
        TreePath::parse(target.clone()).map_err(ProblemKind::BadPath)?
    };
    if let Some(writer) = writer(&path) {
        return Err(ProblemKind::ReservedPath { path: path.to_string(), writer });
    }
    match path.as_str().chars().count() {
        length if length > LONGEST => Err(ProblemKind::LongPath { path: path.to_string(), length, most: LONGEST }),
        _ => Ok(path),
    }
}

/// Who writes this path, where no template may. Git checks out no folder with one of its own names at any depth, nor with what
/// Windows makes of such a name.
fn writer(path: &TreePath) -> Option<&'static str> {
    let path = path.as_str().to_lowercase();
    let top = path.split('/').next().unwrap_or_default();
    if let Some((_, writer)) = RESERVED.iter().find(|(reserved, _)| *reserved == top) {
        return Some(writer);
    }
    path.split('/').any(|name| name == ".git" || name == "git~1").then_some("git")
}

/// Puts the lines in the place of the markers.
///
/// # Errors
/// The name of a slot that liquid left out or repeated.
fn fill(text: &str, job: &Job<'_>) -> Result<String, String> {
    let (slots, _) = slot::find(text);
    for (index, expected) in job.source.slots.iter().enumerate() {
        if slots.get(index).map(|slot| &slot.name) != Some(expected) {
            return Err(expected.clone());
        }
    }
    if let Some(extra) = slots.get(job.source.slots.len()) {
        return Err(extra.name.clone());
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for slot in slots {
        out.push_str(&text[done..slot.line.start]);
        done = slot.line.end;
        let inserts = job.inserts.and_then(|inserts| inserts.get(&slot.name));
        let mut lines: Vec<&str> = inserts.into_iter().flatten().flat_map(|text| text.trim_end().lines()).collect();
        if slot.sort {
            lines.sort_unstable();
            lines.dedup();
        }
        for line in lines {
            if !line.trim().is_empty() {
                out.push_str(&slot.indent);
                out.push_str(line.trim_end());
            }
            out.push('\n');
        }
    }
    out.push_str(&text[done..]);
    Ok(out)
}
