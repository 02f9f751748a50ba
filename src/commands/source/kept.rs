//! The templates that projects were made from, kept in the user's cache: an address may be out of reach, a history may have been
//! rewritten, and a folder may have changed since.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::answers::record::TemplateId;
use crate::archive;
use crate::project::cache;
use crate::tree::FileTree;

/// Bytes of a template that is too large to be kept beside the others.
const LARGEST: usize = 64 << 20;

pub(super) fn keep(id: &TemplateId, tree: &FileTree) {
    if tree.size() <= LARGEST
        && let Some(name) = name(id)
        && cache::read(&name).is_none()
    {
        cache::write(&name, &archive::pack(tree));
    }
}

pub(super) fn find(id: &TemplateId) -> Option<FileTree> {
    archive::unpack(&cache::read(&name(id)?)?).ok()
}

/// A hash of all files and their modes, without a copy of them.
pub(super) fn hash_of(tree: &FileTree) -> String {
    let mut sha = Sha1::new();
    for (path, file) in tree {
        let mode = if file.executable { 'x' } else { '-' };
        sha.update(format!("{path}\n{mode} {}\n", file.bytes.len()));
        sha.update(&file.bytes);
    }
    hex(&sha.finalize())
}

fn name(TemplateId { source, commit, content, .. }: &TemplateId) -> Option<String> {
    let key = match (commit, content) {
        // One repository holds several templates; its branches may share a commit.
        (Some(commit), _) => format!("{}\n{commit}", source.split('#').next().unwrap_or_default()),
        (None, Some(content)) => content.clone(),
        (None, None) => return None,
    };
    Some(format!("templates/{}", hex(&Sha1::digest(key))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
