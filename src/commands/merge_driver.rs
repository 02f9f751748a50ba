//! `neoforge merge-driver`: one file of a merge that git makes, merged as a change of a project is; and how git gets to know it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Exit, source};
use crate::answers::record::{self, Record};
use crate::cli::MergeDriver;
use crate::merge::{Labels, Merged, contradiction, merge_file};
use crate::plan::merge_records;
use crate::project::{Workspace, lines_merge};
use crate::tree::File;
use crate::ui::Out;

/// Ends with [`Exit::Conflicts`] where it has written a conflict, and with [`Exit::Failed`] where it leaves the file to what the
/// driver's line calls next: git itself, which writes its conflicts in the styles and with the labels that people have set.
pub(super) fn run(args: &MergeDriver, out: &mut Out) -> Result<Exit> {
    let [ancestor, ours, theirs] = [read(&args.ancestor)?, read(&args.ours)?, read(&args.theirs)?];
    // Git has no other way to say that both sides have made the file.
    let ancestor = Some(ancestor).filter(|file| !file.bytes.is_empty());
    let path = args.path.to_string_lossy();
    let mut merged = merge_file(&path, ancestor.as_ref(), &ours, &theirs, &LABELS);
    if path.rsplit('/').next() == Some(record::PATH) {
        merged = of_records(ancestor.as_ref(), &ours, &theirs, merged, out);
    }
    match merged {
        Merged::Clean(file) => {
            replace(&args.ours, &file.bytes).with_context(|| format!("failed to write {}", args.ours.display()))?;
            Ok(Exit::Done)
        }
        Merged::Conflict(Some(marked)) if lines_merge(&args.ours, &args.ancestor, &args.theirs) => {
            replace(&args.ours, &marked).with_context(|| format!("failed to write {}", args.ours.display()))?;
            Ok(Exit::Conflicts)
        }
        Merged::Conflict(_) => Ok(Exit::Failed),
    }
}

const LABELS: Labels<'static> = Labels { base: "base", ours: "ours", theirs: "theirs" };

/// The merge of records, by features and answers. Comments of a person's stay where the merge of the text says the same.
fn of_records(ancestor: Option<&File>, ours: &File, theirs: &File, by_text: Merged, out: &mut Out) -> Merged {
    let read = |file: &File| Record::parse(file.text().unwrap_or_default()).ok();
    let (Some(base), Some(our), Some(their)) = (ancestor.and_then(read), read(ours), read(theirs)) else {
        return by_text;
    };
    let merged = match source::at_once(&our.template) {
        Some(template) => merge_records(&template, &base, &our, &their),
        None => Record::merge(&base, &our, &their),
    };
    if merged.is_none() {
        out.note(format_args!(
            "these branches do not make one project by themselves: keep our side of {}, finish the merge, and make their change \
             once more ({})",
            record::PATH,
            told(&base, &their)
        ));
    }
    match (merged, by_text) {
        (Some(record), Merged::Clean(file)) if read(&file).as_ref() == Some(&record) => Merged::Clean(file),
        (Some(record), _) => Merged::Clean(File::plain(record.render())),
        (None, Merged::Conflict(marked)) => Merged::Conflict(marked),
        (None, Merged::Clean(_)) => contradiction(ours, theirs, &LABELS),
    }
}

/// What a branch has changed in the record.
fn told(base: &Record, their: &Record) -> String {
    let (old, new) = (&base.answers, &their.answers);
    let added = new.features.difference(&old.features).map(|name| format!("add {name}"));
    let removed = old.features.difference(&new.features).map(|name| format!("remove {name}"));
    let set = new.values.iter().filter(|(key, value)| old.values.get(*key) != Some(value));
    let set = set.map(|(key, value)| format!("set {key}={value}"));
    let moved = (base.template != their.template).then(|| format!("update to {}", their.template.version));
    added.chain(removed).chain(set).chain(moved).collect::<Vec<_>>().join(", ")
}

/// Lets git in the repository of a project run this program, if the project asks for it. No command fails for it.
pub(super) fn enable(project: &Path, is_news: bool, out: &mut Out) {
    match Workspace::without_record(project).and_then(|workspace| workspace.set_merge_driver()) {
        Ok(told) if told && is_news => out.note(
            "from now on, git has NeoForge merge the files in which features meet in this clone: `git config --get-regexp \
             merge.neoforge` shows how",
        ),
        Ok(_) => {}
        Err(error) => out.note(format_args!("git will merge line by line in this clone, also where features meet: {error}")),
    }
}

fn read(path: &Path) -> Result<File> {
    let bytes = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(File::plain(bytes))
}

/// Writes the file in one step: git's own merge begins from it where this one fails.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".merge_file_").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error).map(drop)
}
