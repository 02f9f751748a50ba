//! The line ends that git writes to a work tree.

use std::path::Path;

use bytes::Bytes;
use git2::{AttrCheckFlags, AttrValue, Repository};

/// The content of a file as it stands on disk: with the line ends that `.gitattributes` and `core.autocrlf` ask for.
pub(super) fn on_disk(repository: &Repository, path: &Path, bytes: &Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.clone() };
    if text.contains('\0') || text.contains("\r\n") || !wants_crlf(repository, path) {
        return bytes.clone();
    }
    text.replace('\n', "\r\n").into()
}

fn wants_crlf(repository: &Repository, path: &Path) -> bool {
    let attribute = |name: &str| {
        let value = repository.get_attr_bytes(path, name, AttrCheckFlags::FILE_THEN_INDEX).ok().flatten();
        match AttrValue::from_bytes(value) {
            AttrValue::String(text) => Some(text.to_owned()),
            AttrValue::True => Some("true".to_owned()),
            AttrValue::False => Some("false".to_owned()),
            AttrValue::Bytes(_) | AttrValue::Unspecified => None,
        }
    };
    match (attribute("eol").as_deref(), attribute("text").as_deref()) {
        (Some("crlf"), _) => return true,
        (Some("lf"), _) | (_, Some("false")) => return false,
        _ => {}
    }
    let Ok(config) = repository.config() else { return false };
    let is_text = attribute("text").is_some();
    match config.get_string("core.autocrlf").as_deref() {
        Ok("true") => true,
        Ok("input") => false,
        _ => is_text && config.get_string("core.eol").is_ok_and(|eol| eol == "crlf"),
    }
}
