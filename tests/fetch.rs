//! Templates from git: what is found, and what is said when it is not.

use std::fs;
use std::path::Path;
use std::process::Command;

use neoforge::project::clone::{FetchError, Fetched};
use neoforge::project::{Checkout, Found, read_commit, read_tree};
use neoforge::tree::{File, TreePath};
use tempfile::TempDir;

/// A repository with two commits, the tags v0.9, v0.10 and v1, the branch `next`, and templates in `web` and `deep/api`.
struct Origin {
    folder: TempDir,
    first: String,
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn origin() -> Origin {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().join("origin.git");
    let file = |path: &str, text: &str| {
        let path = at.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    fs::create_dir(&at).expect("a folder");
    git(&at, &["init", "--quiet"]);
    file("web/template.toml", "one");
    file("web/base/files/lines", "a\nb\n");
    file("deep/api/template.toml", "");
    git(&at, &["add", "."]);
    git(&at, &["commit", "--quiet", "-m", "one"]);
    let first = git(&at, &["rev-parse", "HEAD"]);
    for tag in ["v0.9", "v0.10"] {
        git(&at, &["tag", tag]);
    }
    git(&at, &["tag", "-a", "v1", "-m", "annotated"]);
    file("web/template.toml", "two");
    git(&at, &["commit", "--quiet", "-a", "-m", "two"]);
    git(&at, &["branch", "next"]);
    Origin { folder, first }
}

impl Origin {
    fn url(&self) -> String {
        format!("file://{}/origin.git", self.folder.path().display())
    }

    fn fetch(&self, rev: Option<&str>, folder: Option<&str>) -> Result<(Fetched, TempDir), FetchError> {
        self.fetch_from(&self.url(), rev, folder)
    }

    fn fetch_from(&self, url: &str, rev: Option<&str>, folder: Option<&str>) -> Result<(Fetched, TempDir), FetchError> {
        let into = TempDir::new_in(self.folder.path()).expect("a folder");
        Ok((Checkout::new(url, into.path(), || false)?.fetch(rev, folder)?, into))
    }

    fn message(&self, rev: Option<&str>, folder: Option<&str>) -> String {
        self.fetch(rev, folder).expect_err("refused").to_string().replace(&self.url(), "URL")
    }
}

fn version(fetched: &Fetched) -> String {
    fs::read_to_string(fetched.path.join("web/template.toml")).expect("the template")
}

#[test]
fn a_branch_a_tag_and_a_commit_are_fetched() {
    let origin = origin();
    let head = git(&origin.folder.path().join("origin.git"), &["rev-parse", "HEAD"]);
    for (rev, content, commit) in [
        (None, "two", &head),
        (Some("next"), "two", &head),
        (Some("v0.9"), "one", &origin.first),
        (Some("v1"), "one", &origin.first),
        (Some(origin.first.as_str()), "one", &origin.first),
    ] {
        let (fetched, _into) = origin.fetch(rev, None).expect("fetched");
        assert_eq!((version(&fetched).as_str(), &fetched.commit), (content, commit), "{rev:?}");
        assert_eq!(fetched.branch.as_deref(), rev.filter(|rev| *rev == "next"), "{rev:?}");
    }
}

#[test]
fn a_repository_may_be_named_by_its_path() {
    let origin = origin();
    let path = origin.folder.path().join("origin.git").display().to_string();
    let (fetched, _into) = origin.fetch_from(&path, Some("v1"), None).expect("fetched");
    assert_eq!(fetched.commit, origin.first);
}

#[test]
fn a_server_that_gives_no_single_commit_gives_all() {
    const AGAIN: &str = "NEOFORGE_OLD_PROTOCOL";
    if std::env::var_os(AGAIN).is_none() {
        // Version 0 of git's protocol refuses commits that no branch points to. Which one is spoken is configured in the
        // environment, and that is only set for another process.
        let test = ["--exact", "a_server_that_gives_no_single_commit_gives_all"];
        let config = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "protocol.version"), ("GIT_CONFIG_VALUE_0", "0")];
        let program = std::env::current_exe().expect("our own path");
        let output = Command::new(program).args(test).env(AGAIN, "1").envs(config).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let origin = origin();
    let at = origin.folder.path().join("origin.git");
    git(&at, &["tag", "-d", "v0.9", "v0.10", "v1"]);
    let (fetched, _into) = origin.fetch(Some(&origin.first), Some("web")).expect("fetched");
    assert_eq!(fetched.commit, origin.first);
    assert_eq!(fs::read_to_string(fetched.path.join("template.toml")).expect("the template"), "one");
    assert!(matches!(origin.fetch(Some(&"1".repeat(40)), None), Err(FetchError::UnknownRev { .. })));
}

#[test]
fn one_clone_gives_one_version_after_the_other() {
    let origin = origin();
    let into = TempDir::new_in(origin.folder.path()).expect("a folder");
    let checkout = Checkout::new(&origin.url(), into.path(), || false).expect("a clone");
    for (rev, content) in [(None, "two"), (Some("v1"), "one"), (Some("next"), "two"), (Some(&*origin.first), "one")] {
        let fetched = checkout.fetch(rev, None).expect("fetched");
        assert_eq!(version(&fetched), content, "{rev:?}");
    }
    assert_eq!(checkout.tags(2).expect("tags"), ["v1", "v0.10"]);
}

#[test]
fn the_files_of_submodules_come_along_and_go_again() {
    let origin = origin();
    let at = origin.folder.path().join("origin.git");
    let part = origin.folder.path().join("part");
    fs::create_dir(&part).expect("a folder");
    git(&part, &["init", "--quiet"]);
    fs::write(part.join("inside"), "of the part\n").expect("a file");
    git(&part, &["add", "."]);
    git(&part, &["commit", "--quiet", "-m", "part"]);
    // Beside the repository itself, as submodules of a server often are.
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../part", "web/base/files/part"];
    git(&at, &["config", "remote.origin.url", &at.display().to_string()]);
    git(&at, &add);
    git(&at, &["commit", "--quiet", "-m", "with a part"]);
    assert!(read_commit(&origin.url(), None, Some("web"), |_| true).is_none(), "git has to fetch it");

    let into = TempDir::new_in(origin.folder.path()).expect("a folder");
    let checkout = Checkout::new(&origin.url(), into.path(), || false).expect("a clone");
    for (rev, there) in [(None, true), (Some("v1"), false), (None, true)] {
        let tree = read_tree(&checkout.fetch(rev, Some("web")).expect("fetched").path).expect("readable");
        assert_eq!(
            tree.get("base/files/part/inside").and_then(File::text),
            there.then_some("of the part\n"),
            "{rev:?}"
        );
    }

    fs::remove_dir_all(&part).expect("removed");
    let message = origin.message(None, Some("web"));
    assert!(message.starts_with("git cannot fetch the submodules of URL:\n"), "{message}");
}

#[test]
fn what_git_lfs_keeps_elsewhere_is_told() {
    let origin = origin();
    let at = origin.folder.path().join("origin.git");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    fs::write(at.join("web/base/files/logo.png"), pointer).expect("a file");
    git(&at, &["add", "."]);
    git(&at, &["commit", "--quiet", "-m", "a pointer"]);
    assert!(read_commit(&origin.url(), None, Some("web"), |_| true).is_none());
    let message = origin.message(None, Some("web"));
    assert!(message.starts_with("URL keeps web/base/files/logo.png in Git LFS"), "{message}");
}

#[test]
fn a_password_in_an_address_stays_where_it_was_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = "https://me:s3cret@127.0.0.1:1/t.git";
    let checkout = Checkout::new(url, folder.path(), || false).expect("a clone");
    let error = checkout.fetch(None, None).expect_err("nobody listens there").to_string();
    assert!(error.starts_with("git cannot fetch https://127.0.0.1:1/t.git:\n"), "{error}");
    assert!(!error.contains("s3cret") && !error.contains("me:"), "{error}");
}

#[test]
fn attributes_of_the_user_change_nothing() {
    const AGAIN: &str = "NEOFORGE_ATTRIBUTES";
    let Some(attributes) = std::env::var_os(AGAIN) else {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("attributes");
        fs::write(&path, "* text eol=crlf\n").expect("a file");
        let test = ["--exact", "attributes_of_the_user_change_nothing"];
        let value = path.display().to_string();
        let config =
            [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.attributesFile"), ("GIT_CONFIG_VALUE_0", &value)];
        let program = std::env::current_exe().expect("our own path");
        let output = Command::new(program).args(test).env(AGAIN, &path).envs(config).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    };
    assert!(Path::new(&attributes).exists());
    let origin = origin();
    let (fetched, _into) = origin.fetch(None, Some("web")).expect("fetched");
    let tree = read_tree(&fetched.path).expect("readable");
    assert_eq!(tree.get("base/files/lines").expect("a file").text(), Some("a\nb\n"));
}

#[test]
fn a_folder_is_found_in_the_repository() {
    let origin = origin();
    let (fetched, _into) = origin.fetch(Some("v1"), Some("web")).expect("fetched");
    let tree = read_tree(&fetched.path).expect("readable");
    assert_eq!(tree.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["base/files/lines", "template.toml"]);
    assert_eq!(tree.get("base/files/lines").expect("a file").text(), Some("a\nb\n"));
    assert_eq!(
        origin.message(None, Some("wbe")),
        "URL has no folder \"wbe\"; these hold a template.toml: deep/api, web"
    );
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_repository() {
    let origin = origin();
    let at = origin.folder.path().join("origin.git");
    std::os::unix::fs::symlink("/etc", at.join("out")).expect("a link");
    git(&at, &["add", "out"]);
    git(&at, &["commit", "--quiet", "-m", "out"]);
    assert!(matches!(origin.fetch(None, Some("out")), Err(FetchError::NoFolder { .. })));
    assert!(read_commit(&origin.url(), None, None, |_| true).is_none());
}

#[test]
fn a_repository_of_this_machine_is_read_without_git() {
    let origin = origin();
    let at = origin.folder.path().join("origin.git");
    let path = at.display().to_string();
    for url in [origin.url(), path.clone()] {
        for (rev, folder) in [
            (None, Some("web")),
            (Some("next"), Some("web")),
            (Some("heads/next"), Some("deep/api")),
            (Some("v0.9"), None),
            (Some("v1"), Some("web")),
            (Some(origin.first.as_str()), Some("web")),
        ] {
            let (fetched, _into) = origin.fetch_from(&url, rev, folder).expect("fetched");
            let mut tree = read_tree(&fetched.path).expect("readable");
            let read = read_commit(&url, rev, folder, |_| true).expect("read");
            let Fetched { commit, branch, .. } = fetched;
            let found = |tree| Found { tree, commit: commit.clone(), branch: branch.clone() };
            assert_eq!(read, found(tree.clone()), "{url} {rev:?} {folder:?}");
            tree = tree.iter().filter(|(path, _)| !path.as_str().starts_with("base")).map(own).collect();
            let part = read_commit(&url, rev, folder, |name| name != "base").expect("read");
            assert_eq!(part, found(tree));
        }
    }
    // What is wrong, git tells; what it would change on the way, it does.
    let read = |rev: Option<&str>, folder: Option<&str>| read_commit(&path, rev, folder, |_| true);
    assert!(read(Some("v2"), None).is_none() && read(Some(&"1".repeat(40)), None).is_none());
    assert!(read(None, Some("wbe")).is_none() && read(None, Some("web/template.toml")).is_none());
    assert!(read_commit("https://example.invalid/x", None, None, |_| true).is_none());
    assert!(read_commit(&origin.folder.path().display().to_string(), None, None, |_| true).is_none());
    fs::write(at.join("web/.gitattributes"), "*.bat eol=crlf\n").expect("a file");
    git(&at, &["add", "."]);
    git(&at, &["commit", "--quiet", "-m", "attributes"]);
    assert!(read(None, Some("web")).is_none() && read(None, None).is_none());
    assert!(read(None, Some("deep")).is_some());
}

fn own((path, file): (&TreePath, &File)) -> (TreePath, File) {
    (path.clone(), file.clone())
}

#[test]
fn an_unknown_revision_is_answered_with_the_newest_tags() {
    let origin = origin();
    assert_eq!(
        origin.message(Some("v2"), None),
        "URL has no branch, tag or full commit \"v2\"; it has the tags v1, v0.10, v0.9"
    );
    assert!(matches!(origin.fetch(Some(&"1".repeat(40)), None), Err(FetchError::UnknownRev { .. })));
}

#[test]
fn a_repository_that_is_not_there_is_told_in_words_of_git() {
    let origin = origin();
    let url = format!("file://{}/none.git", origin.folder.path().display());
    let error = origin.fetch_from(&url, None, None).expect_err("refused").to_string();
    assert!(error.starts_with(&format!("git cannot fetch {url}:\n  fatal:")), "{error}");

    let empty = origin.folder.path().join("empty.git");
    git(origin.folder.path(), &["init", "--quiet", "--bare", "empty.git"]);
    let error = origin.fetch_from(&empty.display().to_string(), None, None).expect_err("refused");
    assert!(matches!(error, FetchError::Empty { .. }), "{error}");
}

#[test]
fn nothing_becomes_an_option_of_git() {
    let origin = origin();
    let trace = origin.folder.path().join("trace");
    let option = format!("--upload-pack=touch {}", trace.display());
    assert!(matches!(origin.fetch(Some(&option), None), Err(FetchError::Option { .. })));
    assert!(matches!(origin.fetch_from(&option, None, None), Err(FetchError::Option { .. })));
    assert!(!trace.exists());
}

#[test]
fn an_interrupt_ends_git() {
    let origin = origin();
    let into = TempDir::new_in(origin.folder.path()).expect("a folder");
    let error = Checkout::new(&origin.url(), into.path(), || true).err().expect("interrupted");
    assert!(matches!(error, FetchError::Interrupted));
}
