//! What git has of a project: in the last commit, or as it would commit the work tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::{RECORD, Workspace, WorkspaceError};
use crate::tree::{File, FileTree, TreePath};

/// Files above this size are no work of a template, and are not read.
const LARGEST: usize = 4 * 1024 * 1024;

/// How a file begins that stands for a large one elsewhere, which nobody fetches for a merge.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What was checked out when a change was planned, and must be when it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit, in full.
    pub commit: String,
    /// The branch, or what git says where there is none.
    pub branch: String,
}

impl Head {
    /// Reads the headers of `git status --porcelain=v2 --branch -z`; nothing where there is no commit yet.
    pub(super) fn parse(printed: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(printed);
        let header = |name: &str| text.split('\0').find_map(|entry| entry.strip_prefix(name));
        let (commit, branch) = (header("# branch.oid ")?, header("# branch.head ")?);
        (commit != "(initial)").then(|| Self { commit: commit.to_owned(), branch: branch.to_owned() })
    }
}

/// A project that a change can be merged into.
pub struct Ready<'a> {
    /// Where it is.
    pub workspace: &'a Workspace,
    /// What is checked out.
    pub head: Head,
    /// What git tracks of it there.
    pub tracked: Tracked,
}

/// Something that git tracks and no template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// A symbolic link.
    Link,
    /// Another repository.
    Submodule,
    /// A file of more than 4 MB.
    Large,
    /// A file whose name some systems cannot hold.
    Unusual,
}

impl Other {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Link => "a symbolic link",
            Self::Submodule => "a submodule",
            Self::Large => "a file of more than 4 MB",
            Self::Unusual => "a file",
        }
    }
}

/// Everything that git tracks in a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracked {
    /// What a template could have made.
    pub files: FileTree,
    /// The rest, by path.
    pub others: BTreeMap<String, Other>,
}

impl Tracked {
    /// What stands at a path, or in the place of a folder above it, and is no file that a template could have made.
    #[must_use]
    pub fn other(&self, path: &TreePath) -> Option<(&str, Other)> {
        let places = path.ancestors().chain([path.as_str()]);
        places
            .filter_map(|place| self.others.get_key_value(place))
            .map(|(place, other)| (place.as_str(), *other))
            .next()
    }
}

impl Workspace {
    /// The project as it was committed last, for a change to be merged into it.
    ///
    /// # Errors
    /// [`WorkspaceError`]: something waits for a commit, or git is in the middle of something, or as
    /// [`Workspace::committed`].
    pub fn ready(&self) -> Result<Ready<'_>, WorkspaceError> {
        let head = self.ready_at(None)?;
        let tracked = self.project(&head.commit)?;
        Ok(Ready { workspace: self, head, tracked })
    }

    /// As [`Workspace::ready`], whatever waits for a commit; to look at, since nothing can be applied then.
    ///
    /// # Errors
    /// As [`Workspace::committed`].
    pub fn as_committed(&self) -> Result<Ready<'_>, WorkspaceError> {
        let (head, _) = self.status(None)?;
        let tracked = self.project(&head.commit)?;
        Ok(Ready { workspace: self, head, tracked })
    }

    /// The project as it was committed last.
    ///
    /// # Errors
    /// [`WorkspaceError`]: there is no commit, or it does not hold the project.
    pub fn committed(&self) -> Result<Tracked, WorkspaceError> {
        let head = self.git("read the last commit", ["rev-parse", "--verify", "--quiet", "HEAD"]).line();
        self.project(&head.map_err(|_| WorkspaceError::Unborn)?)
    }

    fn project(&self, commit: &str) -> Result<Tracked, WorkspaceError> {
        let tracked = self.read(commit, None)?;
        if tracked.files.get(RECORD).is_some() {
            Ok(tracked)
        } else {
            Err(WorkspaceError::Uncommitted { path: RECORD })
        }
    }

    /// The project as it stands on disk, without what git does not track. Line ends, modes and content are those that git would
    /// commit.
    ///
    /// # Errors
    /// [`WorkspaceError`]: a file cannot be read.
    pub fn on_disk(&self) -> Result<Tracked, WorkspaceError> {
        let scratch = tempfile::tempdir().map_err(WorkspaceError::io("create a folder in", std::env::temp_dir()))?;
        let (index, objects) = (scratch.path().join("index"), scratch.path().join("objects"));
        self.copy_index(&index)?;
        let known = objects.join("info/alternates");
        fs::create_dir_all(objects.join("info"))
            .and_then(|()| fs::write(&known, format!("{}\n", self.common_folder.join("objects").display())))
            .map_err(WorkspaceError::io("write", &known))?;
        let git = |arguments: &[&str]| self.git("read the files", []).args(arguments).objects(&objects).index(&index);
        git(&["add", "--update"]).output()?;
        let tree = git(&["write-tree"]).line()?;
        self.read(&tree, Some(&objects))
    }

    /// Copies the index of the work tree, where there is one.
    pub(super) fn copy_index(&self, to: &Path) -> Result<(), WorkspaceError> {
        let index = self.git_folder.join("index");
        match fs::copy(&index, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WorkspaceError::io("copy", index)(error)),
            _ => Ok(()),
        }
    }

    /// Reads the project in a commit or tree, whose objects may be elsewhere.
    fn read(&self, tree: &str, objects: Option<&Path>) -> Result<Tracked, WorkspaceError> {
        let git = |arguments: &[&str]| {
            let git = self.git("read the files", []).args(arguments);
            if let Some(objects) = objects { git.objects(objects) } else { git }
        };
        let mut list = vec!["ls-tree", "-r", "-l", "-z", "--full-tree", tree];
        if !self.prefix.is_empty() {
            list.extend(["--", self.prefix.trim_end_matches('/')]);
        }
        let printed = git(&list).output()?;
        let (mut tracked, mut plain) = (Tracked::default(), Vec::new());
        for entry in printed.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let Some(path) = path.strip_prefix(&self.prefix) else { continue };
            let about: Vec<_> = about.split_whitespace().collect();
            let [mode, _, id, size] = about[..] else { continue };
            let other = match (mode, size.parse::<usize>(), TreePath::parse(path)) {
                ("120000", ..) => Other::Link,
                ("160000", ..) => Other::Submodule,
                (_, Ok(size), Ok(path)) if size <= LARGEST => {
                    // A name that is not UTF-8 is not the one that it is shown as.
                    if path.as_str().contains(char::REPLACEMENT_CHARACTER) {
                        Other::Unusual
                    } else {
                        plain.push((path, mode == "100755", id.to_owned()));
                        continue;
                    }
                }
                (_, Ok(size), Ok(_)) if size > LARGEST => Other::Large,
                _ => Other::Unusual,
            };
            tracked.others.insert(path.to_owned(), other);
        }
        let ids: String = plain.iter().flat_map(|(.., id)| [id.as_str(), "\n"]).collect();
        let contents = git(&["cat-file", "--batch", "--buffer"]).input(ids.into_bytes()).output()?;
        let mut contents = Contents(contents.into());
        for (path, executable, id) in &plain {
            let bytes = contents.next(id)?;
            tracked.files.insert(path.clone(), File { bytes, executable: *executable });
        }

        // What a filter makes of the rest is not what a template wrote.
        let filtered = self.filtered(plain.iter().map(|(path, ..)| self.in_repository(path)))?;
        plain.retain(|(path, ..)| {
            let is_pointer = tracked.files.get(path.as_str()).is_some_and(|file| file.bytes.starts_with(LFS));
            filtered.contains(&self.in_repository(path)) && !is_pointer
        });
        if plain.is_empty() {
            return Ok(tracked);
        }
        let lines: Vec<_> = plain.iter().map(|(path, _, id)| format!("{id} {}\n", self.in_repository(path))).collect();
        let smudge = git(&["cat-file", "--batch", "--buffer", "--filters"]).plain_line_ends();
        let mut contents = Contents(smudge.input(lines.concat().into_bytes()).output()?.into());
        for (path, executable, id) in plain {
            let bytes = contents.next(&id)?;
            tracked.files.insert(path, File { bytes, executable });
        }
        Ok(tracked)
    }

    /// Those of some paths of the repository whose content goes through a filter on its way to the disk and back.
    pub(super) fn filtered(&self, paths: impl Iterator<Item = String>) -> Result<BTreeSet<String>, WorkspaceError> {
        let asked: Vec<u8> = paths.flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
        let git = self.git("read .gitattributes", ["check-attr", "-z", "--stdin", "filter"]);
        let printed = git.input(asked).output()?;
        let fields: Vec<_> = printed.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let (answers, _) = fields.as_chunks();
        let filtered = answers.iter().filter(|[_, _, value]| !matches!(&**value, "unspecified" | "unset" | "set"));
        Ok(filtered.map(|[path, ..]| path.clone().into_owned()).collect())
    }
}

/// What `git cat-file --batch` prints: for each object a line that ends in its size, its content, and a line end.
struct Contents(Bytes);

impl Contents {
    fn next(&mut self, id: &str) -> Result<Bytes, WorkspaceError> {
        self.split().ok_or_else(|| WorkspaceError::Refused {
            action: "read the files",
            said: format!("the object {id} is missing; `git fsck` tells more"),
        })
    }

    fn split(&mut self) -> Option<Bytes> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let line = self.0.split_to(end + 1);
        let size: usize = str::from_utf8(&line).ok()?.trim_end().rsplit(' ').next()?.parse().ok()?;
        let mut content = (self.0.len() > size).then(|| self.0.split_to(size + 1))?;
        content.truncate(size);
        Some(content)
    }
}
