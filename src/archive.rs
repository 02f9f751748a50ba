//! A file tree as one compressed block of bytes.
//!
//! ```text
//! zlib( for each file, in the order of the paths:  path LF  mode SP length LF  content )      mode: `-`, or `x` for executable
//! ```

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::tree::{File, FileTree, PathError, TreePath};

/// Why bytes are no archive.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ArchiveError {
    #[error("the archive is not compressed as it should be")]
    Compression(#[from] std::io::Error),
    #[error("the archive ends in the middle, or does not have the shape of one")]
    Shape,
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Packs a tree; equal trees give equal bytes.
#[must_use]
pub fn pack(tree: &FileTree) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(&plain(tree));
    encoder.finish().unwrap_or_default()
}

/// A tree as one block of bytes that is not compressed: what a hash of it is made of.
#[must_use]
pub fn plain(tree: &FileTree) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, file) in tree {
        let mode = if file.executable { 'x' } else { '-' };
        bytes.extend_from_slice(format!("{path}\n{mode} {}\n", file.bytes.len()).as_bytes());
        bytes.extend_from_slice(&file.bytes);
    }
    bytes
}

/// Unpacks what [`pack`] has packed.
///
/// # Errors
/// [`ArchiveError`], where it is something else.
pub fn unpack(bytes: &[u8]) -> Result<FileTree, ArchiveError> {
    let mut plain = Vec::new();
    ZlibDecoder::new(bytes).read_to_end(&mut plain)?;
    let plain = bytes::Bytes::from(plain);
    let mut tree = FileTree::new();
    let mut at = 0;
    while at < plain.len() {
        let path = line(&plain, &mut at)?;
        let head = line(&plain, &mut at)?;
        let (mode, length) = head.split_once(' ').ok_or(ArchiveError::Shape)?;
        let length: usize = length.parse().map_err(|_| ArchiveError::Shape)?;
        let end = at.checked_add(length).filter(|end| *end <= plain.len()).ok_or(ArchiveError::Shape)?;
        tree.insert(TreePath::parse(path)?, File { bytes: plain.slice(at..end), executable: mode == "x" });
        at = end;
    }
    Ok(tree)
}

fn line<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a str, ArchiveError> {
    let rest = &bytes[*at..];
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(ArchiveError::Shape)?;
    *at += end + 1;
    std::str::from_utf8(&rest[..end]).map_err(|_| ArchiveError::Shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_unpacked_as_it_was() {
        let mut tree = crate::tree::tests::tree(&[("a/b", "text\n"), ("empty", "")]);
        tree.insert(TreePath::parse("run").expect("a path"), File { executable: true, ..File::plain(vec![0, 1, 10]) });
        assert_eq!(unpack(&pack(&tree)).expect("an archive"), tree);
        assert!(unpack(&pack(&FileTree::new())).expect("an archive").is_empty());
    }

    #[test]
    fn broken_archives_are_refused() {
        let packed = pack(&crate::tree::tests::tree(&[("a", "some text\n")]));
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        assert!(unpack(b"nonsense").is_err());
        let compressed = |text: &[u8]| {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(text).expect("memory");
            encoder.finish().expect("memory")
        };
        for text in ["a", "a\n", "a\n-\n", "a\n- 9\nx", "a\n- x\n", "../a\n- 0\n"] {
            assert!(unpack(&compressed(text.as_bytes())).is_err(), "{text:?}");
        }
    }
}
