//! The line ends that git writes to a work tree, and those that it takes from there.

use std::path::Path;

use bytes::Bytes;
use git2::{AttrCheckFlags, AttrValue, Repository};

/// What git does with the line ends of a text.
struct Rule {
    /// It looks at the content to tell whether it is a text; nobody has said so.
    guesses: bool,
    /// Lines end in CRLF in the work tree.
    crlf: bool,
}

/// The content of a file as it stands on disk: with the line ends that `.gitattributes` and `core.autocrlf` ask for.
pub(super) fn on_disk(repository: &Repository, path: &Path, bytes: &Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.clone() };
    if text.contains('\0') || has_crlf(bytes) || !rule(repository, path).is_some_and(|rule| rule.crlf) {
        return bytes.clone();
    }
    text.replace('\n', "\r\n").into()
}

/// The content of a file that stands on disk as git would commit it. Where git guesses, it leaves a file alone that was
/// committed with CRLF, and `committed` gives that content.
pub(super) fn in_git(
    repository: &Repository,
    path: &Path,
    bytes: Vec<u8>,
    committed: impl FnOnce() -> Option<Vec<u8>>,
) -> Bytes {
    if !has_crlf(&bytes) {
        return bytes.into();
    }
    let converts = rule(repository, path).is_some_and(|rule| {
        !rule.guesses || !is_binary(&bytes) && !committed().is_some_and(|committed| has_crlf(&committed))
    });
    if converts { without_crlf(&bytes).into() } else { bytes.into() }
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}

/// As git guesses: a carriage return that ends no line is in no text.
fn is_binary(bytes: &[u8]) -> bool {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    bytes.iter().zip(next).any(|(byte, next)| *byte == 0 || *byte == b'\r' && next != Some(&b'\n'))
}

fn without_crlf(bytes: &[u8]) -> Vec<u8> {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    let kept = bytes.iter().zip(next).filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
    kept.map(|(byte, _)| *byte).collect()
}

/// The rule for the file at `path`; none where git leaves its lines as they are.
fn rule(repository: &Repository, path: &Path) -> Option<Rule> {
    let attribute = |name: &str| {
        let value = repository.get_attr_bytes(path, name, AttrCheckFlags::FILE_THEN_INDEX).ok().flatten();
        match AttrValue::from_bytes(value) {
            AttrValue::String(text) => Some(text.to_owned()),
            AttrValue::True => Some("true".to_owned()),
            AttrValue::False => Some("false".to_owned()),
            AttrValue::Bytes(_) | AttrValue::Unspecified => None,
        }
    };
    let (text, eol) = (attribute("text"), attribute("eol"));
    if text.as_deref() == Some("false") {
        return None;
    }
    let config = repository.config().ok()?;
    let setting = |name: &str| config.get_string(name).unwrap_or_default();
    let autocrlf = setting("core.autocrlf");
    let is_automatic = matches!(autocrlf.as_str(), "true" | "input");
    if text.is_none() && eol.is_none() && !is_automatic {
        return None;
    }
    let crlf = match (eol.as_deref(), autocrlf.as_str(), setting("core.eol").as_str()) {
        (Some(eol), ..) => eol == "crlf",
        (None, "true", _) | (None, _, "crlf") if autocrlf != "input" => true,
        (None, "input", _) | (None, _, "lf") => false,
        // Git's `native`.
        _ => cfg!(windows),
    };
    let guesses = text.as_deref() == Some("auto") || text.is_none() && eol.is_none();
    Some(Rule { guesses, crlf })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// A repository with these attributes of `a.txt`, and this value of `core.autocrlf`.
    fn repository(attributes: &str, autocrlf: &str) -> (TempDir, Repository) {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(folder.path()).expect("a repository");
        fs::write(folder.path().join(".gitattributes"), format!("a.txt {attributes}\n")).expect("a file");
        let mut config = repository.config().expect("settings");
        config.set_str("core.autocrlf", autocrlf).expect("a setting");
        config.set_str("core.eol", "lf").expect("a setting");
        (folder, repository)
    }

    /// What git writes for `a\n`, and what it takes from `a\r\n`, where the file was committed as `before`.
    fn both(attributes: &str, autocrlf: &str, before: &str) -> (String, String) {
        let (_folder, repository) = repository(attributes, autocrlf);
        let path = Path::new("a.txt");
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let committed = || Some(before.as_bytes().to_vec());
        (
            text(on_disk(&repository, path, &Bytes::from_static(b"a\n"))),
            text(in_git(&repository, path, b"a\r\n".to_vec(), committed)),
        )
    }

    #[test]
    fn attributes_and_settings_are_read_as_git_reads_them() {
        for (attributes, autocrlf, written, taken) in [
            ("", "false", "a\n", "a\r\n"),
            ("", "true", "a\r\n", "a\n"),
            ("", "input", "a\n", "a\n"),
            ("text", "false", "a\n", "a\n"),
            ("text=auto", "true", "a\r\n", "a\n"),
            ("text=auto eol=lf", "true", "a\n", "a\n"),
            ("text=auto eol=crlf", "false", "a\r\n", "a\n"),
            ("eol=crlf", "false", "a\r\n", "a\n"),
            ("-text", "true", "a\n", "a\r\n"),
            ("-text eol=crlf", "true", "a\n", "a\r\n"),
            ("binary", "true", "a\n", "a\r\n"),
        ] {
            let expected = (written.to_owned(), taken.to_owned());
            assert_eq!(both(attributes, autocrlf, "a\n"), expected, "{attributes:?} with autocrlf={autocrlf}");
        }
    }

    #[test]
    fn what_was_committed_with_crlf_keeps_it_where_git_guesses() {
        assert_eq!(both("", "true", "a\r\n").1, "a\r\n");
        assert_eq!(both("text=auto", "false", "a\r\n").1, "a\r\n");
        assert_eq!(both("text", "false", "a\r\n").1, "a\n");
    }

    #[test]
    fn what_looks_binary_is_left_alone() {
        let (_folder, repository) = repository("", "true");
        for bytes in [&b"a\r\n\0"[..], b"a\rb\r\n", b"a\r\n\r"] {
            assert_eq!(in_git(&repository, Path::new("a.txt"), bytes.to_vec(), || None), bytes);
        }
    }
}
