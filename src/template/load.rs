//! From files to a [`Template`]: reads the manifests, finds the features, and names every file that nothing reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::manifest::{FORMAT, FeatureManifest, TemplateManifest};
use super::problem::{Place, Problem, ProblemKind, Problems};
use super::{BASE, Feature, LOCK, LOCK_FACTS, MANIFEST, Source, Template, mistakes, slot};
use crate::lock::{Superset, SupersetError};
use crate::tree::{File, FileTree};

/// Reads a template.
///
/// # Errors
/// Everything that keeps the manifests from being read, and every file of a feature that nothing reads.
pub fn load(tree: &FileTree) -> Result<Template, Problems> {
    let (template, problems) = load_what_there_is(tree);
    Problems::none_or(problems)?;
    template.ok_or_else(|| Problem::of_file(MANIFEST, ProblemKind::NotATemplate).into())
}

/// As [`load`], but goes on behind what is wrong: the template is what remains without it.
#[must_use]
pub fn load_what_there_is(tree: &FileTree) -> (Option<Template>, Vec<Problem>) {
    if tree.get(MANIFEST).is_none() {
        return (None, vec![Problem::of_file(MANIFEST, ProblemKind::NotATemplate)]);
    }
    let mut loader = Loader { tree, problems: Vec::new() };
    let manifest = loader.manifest::<TemplateManifest>(MANIFEST, "a template");
    let base = loader.feature(BASE, BASE, true);
    let features = loader.features();
    let lock = loader.lock();
    let template = manifest.map(|(manifest, manifest_text)| Template { manifest, manifest_text, base, features, lock });
    (template, loader.problems)
}

struct Loader<'a> {
    tree: &'a FileTree,
    problems: Vec<Problem>,
}

impl Loader<'_> {
    fn features(&mut self) -> BTreeMap<String, Feature> {
        let mut names: Vec<&str> = Vec::new();
        for (path, _) in self.tree.below("features") {
            match path.split_once('/') {
                Some((name, _)) if names.last() != Some(&name) => names.push(name),
                Some(_) => {}
                None => self.problems.push(Problem::of_file(
                    format!("features/{path}"),
                    ProblemKind::UnexpectedFile { expected: "`features/` holds one folder for each feature" },
                )),
            }
        }
        names.sort_unstable();
        names.dedup();
        let mut features = BTreeMap::new();
        for name in names {
            let folder = format!("features/{name}");
            if !is_feature_name(name) {
                self.problems.push(Problem::of_file(folder, ProblemKind::BadName { name: name.to_owned() }));
                continue;
            }
            features.insert(name.to_owned(), self.feature(name, &folder, true));
        }
        features
    }

    /// The lock file, which comes with its facts or not at all.
    fn lock(&mut self) -> Option<Arc<Superset>> {
        let files: Vec<String> = self.tree.below("lock").map(|(path, _)| format!("lock/{path}")).collect();
        for path in files.iter().filter(|path| ![LOCK, LOCK_FACTS].contains(&path.as_str())) {
            let expected = "`lock/` holds Cargo.lock and features.txt";
            self.problems.push(Problem::of_file(path, ProblemKind::UnexpectedFile { expected }));
        }
        if files.is_empty() {
            return None;
        }
        let tree = self.tree;
        let text = |path: &str| tree.get(path).and_then(File::text);
        let missing = [LOCK, LOCK_FACTS].into_iter().filter(|path| text(path).is_none());
        self.problems.extend(missing.map(|path| Problem::of_file(path, ProblemKind::HalfALock)));
        let (lock, facts) = (text(LOCK)?, text(LOCK_FACTS)?);
        match Superset::parse(lock, facts) {
            Ok(superset) => Some(Arc::new(superset)),
            Err(error) => {
                let path = if matches!(error, SupersetError::Lock(_)) { LOCK } else { LOCK_FACTS };
                self.problems.push(Problem::of_file(path, ProblemKind::BadLock(error)));
                None
            }
        }
    }

    /// A feature, the base, or (where `whole` is false) glue. One whose manifest is lost has nothing but its files, so that
    /// whoever names it does not name something unknown.
    fn feature(&mut self, name: &str, folder: &str, whole: bool) -> Feature {
        let manifest_path = format!("{folder}/feature.toml");
        let loaded = self.manifest::<FeatureManifest>(&manifest_path, if whole { "a feature" } else { "glue" });
        let (mut files, mut readme, mut partners) = (Vec::new(), None, Vec::<&str>::new());
        for (path, file) in self.tree.below(folder) {
            let origin = format!("{folder}/{path}");
            match path.split_once('/') {
                None if path == "feature.toml" => {}
                None if whole && folder != BASE && (path == "README.md" || path == "README.md.liquid") => {
                    readme = Some(self.source(origin, path, file));
                }
                Some(("files", target)) => files.push(self.source(origin, target, file)),
                Some(("with", rest)) if whole && folder != BASE && rest.contains('/') => {
                    let partner = rest.split('/').next().unwrap_or(rest);
                    if !partners.contains(&partner) {
                        partners.push(partner);
                    }
                }
                _ => self
                    .problems
                    .push(Problem::of_file(origin, ProblemKind::UnexpectedFile { expected: expected(folder, whole) })),
            }
        }
        let mut glue = BTreeMap::new();
        for partner in partners {
            let full_name = format!("{name}/with/{partner}");
            glue.insert(partner.to_owned(), self.feature(&full_name, &format!("{folder}/with/{partner}"), false));
        }
        let (manifest, manifest_text) = loaded.unwrap_or_else(|| {
            let title = if whole { name.to_owned() } else { String::new() };
            (FeatureManifest { about: title.clone(), title, ..FeatureManifest::default() }, String::new())
        });
        Feature { name: name.to_owned(), manifest, manifest_path, manifest_text, files, readme, glue }
    }

    fn source(&mut self, origin: String, path: &str, file: &File) -> Source {
        let (target, liquid) = match path.strip_suffix(".liquid") {
            Some(target) if !target.is_empty() && !target.ends_with('/') => (target, true),
            _ => (path, false),
        };
        let mut slots = Vec::new();
        match file.text() {
            None if liquid => self.problems.push(Problem::of_file(&origin, ProblemKind::NotText)),
            None => {}
            Some(text) => {
                let (found, bad) = slot::find(text);
                for marker in bad {
                    let place = Place::at(&origin, text, marker.offset);
                    self.problems.push(Problem { place, kind: ProblemKind::BadMarker });
                }
                for slot in found {
                    if slots.contains(&slot.name) {
                        let place = Place::at(&origin, text, slot.line.start);
                        self.problems.push(Problem { place, kind: ProblemKind::DoubledSlot { slot: slot.name } });
                    } else {
                        slots.push(slot.name);
                    }
                }
            }
        }
        Source { target: target.to_owned(), liquid, file: file.clone(), slots, origin }
    }

    fn manifest<T: DeserializeOwned>(&mut self, path: &str, role: &'static str) -> Option<(T, String)> {
        let Some(file) = self.tree.get(path) else {
            self.problems.push(Problem::of_file(path, ProblemKind::MissingManifest { role }));
            return None;
        };
        let Some(text) = file.text() else {
            self.problems.push(Problem::of_file(path, ProblemKind::NotText));
            return None;
        };
        if path == MANIFEST
            && let Some(found) = unknown_format(text)
        {
            let kind = ProblemKind::UnknownFormat { found, known: FORMAT };
            self.problems.push(Problem::of_file(path, kind));
            return None;
        }
        let (manifest, mistakes) = mistakes::parse(text);
        self.problems.extend(mistakes.into_iter().map(|mistake| Problem {
            place: Place::at(path, text, mistake.offset),
            kind: ProblemKind::Toml { message: mistake.message },
        }));
        Some((manifest?, text.to_owned()))
    }
}

/// A format that this program does not read; asked before the keys are, which a newer format may have more of.
fn unknown_format(text: &str) -> Option<u32> {
    let format = text.parse::<toml::Table>().ok()?.get("format")?.as_integer()?;
    let format = u32::try_from(format).unwrap_or(0);
    (format != FORMAT).then_some(format)
}

fn expected(folder: &str, whole: bool) -> &'static str {
    match (folder, whole) {
        (BASE, _) => "the base holds feature.toml and files/",
        (_, true) => "a feature holds feature.toml, files/, with/ and README.md",
        (_, false) => "glue holds feature.toml and files/",
    }
}

/// Lower-case letters, digits and single hyphens, beginning with a letter.
fn is_feature_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}
