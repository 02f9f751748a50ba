//! Where a template comes from: what `--template` means.

use std::path::{Path, PathBuf};

/// A template's place, as given to `--template`.
///
/// | given | meaning |
/// |---|---|
/// | `PATH` | a folder on this machine |
/// | `https://…`, `http://…`, `ssh://…`, `git://…`, `file://…` | a git repository, cloned with the user's own `git` |
/// | `user@host:path` | a git repository over ssh, as `git clone` takes it |
/// | `gh:owner/repo` | short for `https://github.com/owner/repo` |
/// | `PATH.git` | a git repository on this machine: a path that ends in `.git`, before any `//` or `#` |
///
/// A git repository may be followed by `//FOLDER`, the folder in it that is the template, and then by `#REV`, the branch,
/// tag or commit: `gh:acme/templates//web#v1.2`. Without `#REV` the default branch is taken. Both are looked for behind
/// `://`; `REV` is what follows the first `#`. A commit is given by all of its 40 digits.
///
/// Everything else is a path, whatever characters it has: `./a#b` is a folder. A path is taken for one even if nothing
/// stands there, so that the error names what the user typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// A folder on this machine.
    Path(PathBuf),
    /// A git repository.
    Git {
        /// What git is told to clone.
        url: String,
        /// A branch, a tag or a commit.
        rev: Option<String>,
        /// The folder of the template in the repository, with `/` between the names.
        folder: Option<String>,
    },
}

/// A text that names no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SourceError {
    #[error("the template is empty; give a folder or a git repository")]
    Empty,
    #[error("{text:?} looks like an option, not a template; write a folder of that name as `./{text}`")]
    Option { text: String },
    #[error("{rev:?} cannot be a branch, a tag or a commit; write `#` and its name at the end, such as `#v1.2`")]
    Rev { rev: String },
    #[error(
        "{folder:?} cannot be a folder of the repository; write `//` and a path inside of it, such as `//templates/web`"
    )]
    Folder { folder: String },
    #[error("{text:?} names no repository; write it as `gh:owner/repo`")]
    GitHub { text: String },
    #[error("git would run a program of its own for {text:?}; use a https://, ssh:// or file:// address")]
    Transport { text: String },
}

const SCHEMES: [&str; 5] = ["https://", "http://", "ssh://", "git://", "file://"];

impl TemplateSource {
    /// Tells a path from a git repository.
    ///
    /// # Errors
    /// [`SourceError`]: nothing that git could mistake for an option or a command is let through.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() {
            return Err(SourceError::Empty);
        }
        if text.starts_with('-') {
            return Err(SourceError::Option { text: text.to_owned() });
        }
        let (before_rev, rev) = match text.split_once('#') {
            Some((before, rev)) => (before, Some(rev)),
            None => (text, None),
        };
        let scheme = SCHEMES.iter().find(|scheme| before_rev.starts_with(**scheme));
        let start = scheme.map_or(0, |scheme| scheme.len());
        let (repository, folder) = match before_rev[start..].find("//") {
            Some(at) => (&before_rev[..start + at], Some(&before_rev[start + at + 2..])),
            None => (before_rev, None),
        };
        let url = if let Some(name) = repository.strip_prefix("gh:") {
            github(text, name)?
        } else if scheme.is_some() || is_scp(repository) || is_bare_path(repository) {
            repository.to_owned()
        } else if repository.contains("::") && !Path::new(text).exists() {
            return Err(SourceError::Transport { text: text.to_owned() });
        } else {
            return Ok(Self::Path(PathBuf::from(text)));
        };
        if let Some(rev) = rev.filter(|rev| !is_rev(rev)) {
            return Err(SourceError::Rev { rev: rev.to_owned() });
        }
        let folder = folder.map(|folder| folder.trim_end_matches('/'));
        if let Some(folder) = folder.filter(|folder| crate::tree::TreePath::parse(*folder).is_err()) {
            return Err(SourceError::Folder { folder: folder.to_owned() });
        }
        Ok(Self::Git { url, rev: rev.map(str::to_owned), folder: folder.map(str::to_owned) })
    }
}

/// An address without what only its owner may know: passwords, tokens, and whatever else stands before the host of a web
/// address. Git has helpers for these, which ask for them again.
#[must_use]
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else { return url.to_owned() };
    let user = match scheme {
        "http" | "https" => "",
        // Over ssh the name says which account, and is no secret.
        _ => rest[..at].split(':').next().unwrap_or_default(),
    };
    let between = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{between}{}", &rest[at + 1..])
}

fn github(text: &str, name: &str) -> Result<String, SourceError> {
    let good = |part: &str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        !part.is_empty() && part.chars().all(letters) && !part.starts_with('-') && !part.starts_with('.')
    };
    match name.split_once('/') {
        Some((owner, repository)) if good(owner) && good(repository) => {
            Ok(format!("https://github.com/{owner}/{repository}"))
        }
        _ => Err(SourceError::GitHub { text: text.to_owned() }),
    }
}

/// `user@host:path`, with no slash before the colon, as git tells it from a path.
fn is_scp(text: &str) -> bool {
    let Some((host, path)) = text.split_once(':') else { return false };
    let Some((user, host)) = host.split_once('@') else { return false };
    !user.is_empty()
        && !host.is_empty()
        && !host.starts_with('-')
        && !path.is_empty()
        && !path.starts_with(':')
        && !user.contains('/')
        && !host.contains('/')
}

fn is_bare_path(text: &str) -> bool {
    let name = text.trim_end_matches('/').strip_suffix(".git");
    // `.git` itself is a folder like any other; `ext::…` is a command.
    name.is_some_and(|name| !name.is_empty() && !name.ends_with('/') && !name.contains("::"))
}

/// What git allows in the name of a branch or a tag, as far as it matters here, or a commit.
fn is_rev(rev: &str) -> bool {
    let bad = |letter: char| letter.is_control() || letter.is_whitespace() || "~^:?*[\\".contains(letter);
    !rev.is_empty()
        && !rev.starts_with(['-', '/', '+'])
        && !rev.contains("..")
        && !rev.contains("@{")
        && !rev.contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(url: &str, folder: Option<&str>, rev: Option<&str>) -> TemplateSource {
        TemplateSource::Git { url: url.to_owned(), rev: rev.map(str::to_owned), folder: folder.map(str::to_owned) }
    }

    #[test]
    fn paths_are_paths() {
        for path in [
            ".",
            "template",
            "./a#b",
            "../x//y",
            "/srv/templates",
            "~/t",
            "C:\\t",
            "a@b",
            ".git",
            "x/.git",
            "a:b",
            "gh",
        ] {
            assert_eq!(TemplateSource::parse(path), Ok(TemplateSource::Path(PathBuf::from(path))), "{path}");
        }
    }

    #[test]
    fn repositories_have_a_folder_and_a_revision() {
        let parse = TemplateSource::parse;
        assert_eq!(parse("https://host/a/b"), Ok(git("https://host/a/b", None, None)));
        assert_eq!(parse("https://host/a/b.git#v1"), Ok(git("https://host/a/b.git", None, Some("v1"))));
        assert_eq!(parse("https://host/a//t/web/#v1"), Ok(git("https://host/a", Some("t/web"), Some("v1"))));
        assert_eq!(parse("ssh://git@host:22/a#feature/x"), Ok(git("ssh://git@host:22/a", None, Some("feature/x"))));
        assert_eq!(parse("git@host:a/b.git//t"), Ok(git("git@host:a/b.git", Some("t"), None)));
        assert_eq!(parse("git@host:a/b"), Ok(git("git@host:a/b", None, None)));
        assert_eq!(parse("file:///srv/t//web#main"), Ok(git("file:///srv/t", Some("web"), Some("main"))));
        assert_eq!(parse("gh:acme/t.x"), Ok(git("https://github.com/acme/t.x", None, None)));
        assert_eq!(parse("gh:acme/t//web#v1"), Ok(git("https://github.com/acme/t", Some("web"), Some("v1"))));
        assert_eq!(parse("../t.git"), Ok(git("../t.git", None, None)));
        assert_eq!(parse("../t.git//web#v1"), Ok(git("../t.git", Some("web"), Some("v1"))));
    }

    #[test]
    fn secrets_are_left_out() {
        for (url, public) in [
            ("https://host/a", "https://host/a"),
            ("https://me:token@host/a@b", "https://host/a@b"),
            ("https://token@host:8443/a", "https://host:8443/a"),
            ("https://me:p@ss@host", "https://host"),
            ("ssh://git:secret@host/a", "ssh://git@host/a"),
            ("ssh://git@host:22/a", "ssh://git@host:22/a"),
            ("git@host:a/b", "git@host:a/b"),
            ("../t@x.git", "../t@x.git"),
        ] {
            assert_eq!(without_secrets(url), public);
        }
    }

    #[test]
    fn what_git_could_mistake_for_an_option_or_a_command_is_refused() {
        let parse = TemplateSource::parse;
        assert!(matches!(parse(""), Err(SourceError::Empty)));
        assert!(matches!(parse("--upload-pack=touch x"), Err(SourceError::Option { .. })));
        assert!(matches!(parse("ext::sh -c touch% x"), Err(SourceError::Transport { .. })));
        assert!(matches!(parse("ext::sh -c x.git"), Err(SourceError::Transport { .. })));
        assert!(matches!(parse("gh:acme"), Err(SourceError::GitHub { .. })));
        assert!(matches!(parse("gh:../x"), Err(SourceError::GitHub { .. })));
        for rev in ["", "--upload-pack=x", "-x", "a b", "a..b", "a:b", "+a"] {
            assert!(matches!(parse(&format!("gh:a/b#{rev}")), Err(SourceError::Rev { .. })), "{rev}");
        }
        for folder in ["", "..", "a/../..", "/etc"] {
            assert!(matches!(parse(&format!("gh:a/b//{folder}")), Err(SourceError::Folder { .. })), "{folder}");
        }
    }
}
