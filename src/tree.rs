//! A file tree in memory: what a template is made of, and what a render makes.
//!
//! Paths are relative, UTF-8, and separated by `/` on every platform; the map is sorted, so two equal trees are equal byte
//! for byte, whatever machine made them.

use std::collections::{BTreeMap, btree_map};
use std::fmt;

use bytes::Bytes;

/// An ordered map of path to file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTree {
    files: BTreeMap<TreePath, File>,
}

/// The content of a file and whether it may be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The content. A clone shares it.
    pub bytes: Bytes,
    /// The only part of a file's mode that git and this tool keep.
    pub executable: bool,
}

impl File {
    /// A plain file.
    pub fn plain(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), executable: false }
    }

    /// The content as text; `None` for binary files.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if self.bytes.contains(&0) {
            return None;
        }
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl FileTree {
    /// A tree without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, and returns the file that stood at this path before.
    pub fn insert(&mut self, path: TreePath, file: File) -> Option<File> {
        self.files.insert(path, file)
    }

    /// The file at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// All files in the order of their paths.
    pub fn iter(&self) -> btree_map::Iter<'_, TreePath, File> {
        self.files.iter()
    }

    /// The files below `folder`, each with its path relative to it.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a File)> {
        self.files
            .range::<str, _>((std::ops::Bound::Included(folder), std::ops::Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(folder))
            .filter_map(move |(path, file)| {
                let rest = path.as_str().strip_prefix(folder)?.strip_prefix('/')?;
                Some((rest, file))
            })
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the tree has no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The number of bytes of all files.
    #[must_use]
    pub fn size(&self) -> usize {
        self.files.values().map(|file| file.bytes.len()).sum()
    }
}

impl<'a> IntoIterator for &'a FileTree {
    type Item = (&'a TreePath, &'a File);
    type IntoIter = btree_map::Iter<'a, TreePath, File>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(TreePath, File)> for FileTree {
    fn from_iter<I: IntoIterator<Item = (TreePath, File)>>(files: I) -> Self {
        Self { files: files.into_iter().collect() }
    }
}

/// A relative path that stays inside its tree and can exist on every platform that we support.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(String);

impl TreePath {
    /// Checks and takes a path.
    ///
    /// # Errors
    /// What is wrong with the path, see [`PathError`].
    pub fn parse(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        let reason = if path.is_empty() {
            Some(PathReason::Empty)
        } else if path.starts_with('/') || path.starts_with('~') || path.as_bytes().get(1) == Some(&b':') {
            Some(PathReason::Absolute)
        } else {
            path.split('/').find_map(|name| check_name(name).err())
        };
        match reason {
            Some(reason) => Err(PathError { path, reason }),
            None => Ok(Self(path)),
        }
    }

    /// The path as text, with `/` between the names.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The paths of the folders above this one, from the outermost to the innermost.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A path that no tree may hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {path:?} {reason}")]
pub struct PathError {
    /// The path as it was given.
    pub path: String,
    /// What is wrong with it.
    pub reason: PathReason,
}

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PathReason {
    #[error("is empty")]
    Empty,
    #[error("is absolute; write it relative to the project")]
    Absolute,
    #[error("leaves the project; remove the `..`")]
    Leaves,
    #[error("has an empty or `.` part; write each folder once")]
    EmptyPart,
    #[error("holds a backslash; separate folders by `/`")]
    Backslash,
    #[error("holds a character that Windows refuses (one of < > : \" | ? * or a control character)")]
    BadCharacter,
    #[error("has a part that ends in a dot or a blank, which Windows drops")]
    TrailingDot,
    #[error("has a part that is a device name on Windows (con, prn, aux, nul, com1 .. com9, lpt1 .. lpt9)")]
    Device,
    #[error("has a part of over 255 bytes, which no file system takes")]
    TooLong,
}

/// Checks one name of a path by the rules of the strictest platform.
fn check_name(name: &str) -> Result<(), PathReason> {
    if name == ".." {
        return Err(PathReason::Leaves);
    }
    if name.is_empty() || name == "." {
        return Err(PathReason::EmptyPart);
    }
    if name.contains('\\') {
        return Err(PathReason::Backslash);
    }
    if name.contains(['<', '>', ':', '"', '|', '?', '*']) || name.chars().any(char::is_control) {
        return Err(PathReason::BadCharacter);
    }
    if name.ends_with(['.', ' ']) {
        return Err(PathReason::TrailingDot);
    }
    if is_device(name) {
        return Err(PathReason::Device);
    }
    if name.len() > 255 {
        return Err(PathReason::TooLong);
    }
    Ok(())
}

/// Whether Windows takes `name`, with any extension, for a device.
#[must_use]
pub fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_lowercase();
    match stem.as_str() {
        "con" | "conin$" | "conout$" | "prn" | "aux" | "nul" => true,
        _ => {
            let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
            // Windows reads a small digit as a digit.
            port.is_some_and(|port| {
                matches!(port, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
            })
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tree of plain files.
    pub(crate) fn tree(files: &[(&str, &str)]) -> FileTree {
        let path = |path: &str| TreePath::parse(path).expect("the path is a good one");
        files.iter().map(|(name, text)| (path(name), File::plain((*text).to_owned()))).collect()
    }

    fn reason(path: &str) -> PathReason {
        TreePath::parse(path).expect_err(path).reason
    }

    #[test]
    fn paths_that_leave_or_cannot_exist_are_refused() {
        assert_eq!(reason(""), PathReason::Empty);
        assert_eq!(reason("/etc/passwd"), PathReason::Absolute);
        assert_eq!(reason("C:/x"), PathReason::Absolute);
        assert_eq!(reason("~/x"), PathReason::Absolute);
        assert_eq!(reason("a/../../x"), PathReason::Leaves);
        assert_eq!(reason("a//b"), PathReason::EmptyPart);
        assert_eq!(reason("./a"), PathReason::EmptyPart);
        assert_eq!(reason("a\\b"), PathReason::Backslash);
        assert_eq!(reason("a/b:c"), PathReason::BadCharacter);
        assert_eq!(reason("a\nb"), PathReason::BadCharacter);
        assert_eq!(reason("a/b."), PathReason::TrailingDot);
        assert_eq!(reason("src/con.rs"), PathReason::Device);
        assert_eq!(reason("LPT1"), PathReason::Device);
        assert_eq!(reason("a/COM².tar.gz"), PathReason::Device);
        assert_eq!(reason("conout$"), PathReason::Device);
        assert_eq!(reason("nul .txt"), PathReason::Device);
        assert_eq!(reason(&"x".repeat(256)), PathReason::TooLong);
    }

    #[test]
    fn ordinary_paths_are_taken() {
        for path in ["a", ".github/workflows/ci.yml", "com10/console.rs", "a b/ü.txt", "{{ name }}.service"] {
            assert_eq!(TreePath::parse(path).expect(path).as_str(), path);
        }
    }

    #[test]
    fn below_gives_relative_paths_of_one_folder_only() {
        let tree: FileTree = ["a/x", "a/y/z", "a-b/x", "b"]
            .map(|path| (TreePath::parse(path).expect(path), File::plain(path)))
            .into_iter()
            .collect();
        assert_eq!(tree.below("a").map(|(path, _)| path).collect::<Vec<_>>(), ["x", "y/z"]);
    }

    #[test]
    fn ancestors_go_from_the_outside_in() {
        let path = TreePath::parse("a/b/c").expect("a path");
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a", "a/b"]);
    }
}
