//! A template from a git repository, fetched with the user's own `git`: it has their keys, proxies and credentials.

use std::env;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use walkdir::WalkDir;

use super::objects::LFS_POINTER;
use super::source::without_secrets;
use crate::process;

/// Time between two looks at whether git has ended and whether the user has interrupted.
const POLL: Duration = Duration::from_millis(10);

/// Lines of git's own output that an error shows.
const SHOWN_LINES: usize = 6;

/// Tags or folders that an error offers.
const OFFERED: usize = 6;

/// How deep a template is looked for, to offer it.
const OFFERED_DEPTH: usize = 4;

/// Settings of the user that would change the bytes of files, or go on in a folder that is gone.
const SETTINGS: [&str; 5] =
    ["core.autocrlf=false", "core.eol=lf", "core.attributesFile=/dev/null", "gc.auto=0", "maintenance.auto=false"];

/// A template that has been fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The folder of the template.
    pub path: PathBuf,
    /// The commit that it is of, as 40 hexadecimal digits.
    pub commit: String,
    /// The branch that was named, if it was one.
    pub branch: Option<String>,
}

/// Why a template could not be fetched.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FetchError {
    #[error("there is no program `git`; install it (https://git-scm.com), or give a folder to --template")]
    NoGit,
    #[error("{text:?} would be an option to git; write a path as `./{text}`")]
    Option { text: String },
    #[error("{url} has no commits; push the template there first")]
    Empty { url: String },
    #[error("{url} has no branch, tag or full commit {rev:?}; {}", offer("it has the tags", "it has no tags", .tags))]
    UnknownRev { url: String, rev: String, tags: Vec<String> },
    #[error(
        "{url} has no folder {folder:?}; {}",
        offer("these hold a template.toml:", "no folder in it holds a template.toml", .found)
    )]
    NoFolder { url: String, folder: String, found: Vec<String> },
    #[error("git cannot fetch {url}:\n{}", .lines.join("\n"))]
    Failed { url: String, lines: Vec<String> },
    #[error("git cannot fetch the submodules of {url}:\n{}", .lines.join("\n"))]
    Submodules { url: String, lines: Vec<String> },
    #[error(
        "{url} keeps {path} in Git LFS, and git did not fetch it; install git-lfs (https://git-lfs.com), run `git lfs \
         install`, and try again"
    )]
    Lfs { url: String, path: String },
    #[error("interrupted")]
    Interrupted,
    #[error("failed to {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

fn offer(some: &str, none: &str, names: &[String]) -> String {
    if names.is_empty() { none.to_owned() } else { format!("{some} {}", names.join(", ")) }
}

/// A clone of a repository, of which one version after the other can be fetched; what they have in common comes once.
///
/// Its files are those of the repository, whatever `core.autocrlf` and `core.attributesFile` say, with those of its submodules. Without a terminal git asks for no password.
pub struct Checkout {
    /// The address as people may see it.
    url: String,
    /// Where it leads from everywhere: git runs in the new folder.
    address: String,
    folder: PathBuf,
    interrupted: Box<dyn Fn() -> bool>,
}

/// How a run of git ended.
struct Output {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Checkout {
    /// An empty clone of the repository at `url`, in a new folder in `into`. `interrupted` is asked a hundred times a second;
    /// git is killed when it says so.
    ///
    /// # Errors
    /// [`FetchError`]; the network is not asked yet.
    pub fn new(url: &str, into: &Path, interrupted: impl Fn() -> bool + 'static) -> Result<Self, FetchError> {
        check_no_option(url)?;
        let address = match std::path::absolute(url) {
            Ok(path) if Path::new(url).exists() => path.to_string_lossy().into_owned(),
            _ => url.to_owned(),
        };
        let folder = into.join("template");
        fs::create_dir(&folder).map_err(|source| FetchError::Io { action: "create", path: folder.clone(), source })?;
        let checkout = Self { url: without_secrets(url), address, folder, interrupted: Box::new(interrupted) };
        // Without the user's template: no hook of theirs has a say in a folder that lives for a second.
        checkout.succeed(&["init", "--quiet", "--template="])?;
        // Submodules may be named beside it, and Git LFS asks there.
        checkout.succeed(&["config", "remote.origin.url", &checkout.address])?;
        Ok(checkout)
    }

    /// Fetches `rev` (the default branch for `None`), and nothing of its history where the server can do that, puts it in the
    /// place of what was fetched before, and finds `folder` in it.
    ///
    /// `rev` is a branch, a tag, or a commit with all of its digits.
    ///
    /// # Errors
    /// [`FetchError`], with git's own last lines where git failed.
    pub fn fetch(&self, rev: Option<&str>, folder: Option<&str>) -> Result<Fetched, FetchError> {
        rev.map_or(Ok(()), check_no_option)?;
        self.remove_submodules()?;
        self.get(rev)?;
        let branch = rev.and_then(|_| self.fetched_branch());
        self.succeed(&["checkout", "--quiet", "--force", "--detach", "FETCH_HEAD"])?;
        self.fetch_submodules()?;
        self.check_lfs()?;
        let commit = self.succeed(&["rev-parse", "HEAD"])?.trim().to_owned();
        let path = match folder {
            None => self.folder.clone(),
            Some(folder) => self.find(folder)?,
        };
        Ok(Fetched { path, commit, branch })
    }

    /// The newest tags, by the order of versions, and at most so many.
    ///
    /// # Errors
    /// [`FetchError`], with git's own last lines where git failed.
    pub fn tags(&self, most: usize) -> Result<Vec<String>, FetchError> {
        let list = ["ls-remote", "--quiet", "--tags", "--refs", "--sort=-version:refname", "--", &self.address];
        let output = self.succeed(&list)?;
        let tags = output.lines().filter_map(|line| line.rsplit_once("refs/tags/"));
        Ok(tags.map(|(_, tag)| tag.to_owned()).take(most).collect())
    }

    /// Gets the commit of `rev` as `FETCH_HEAD`.
    fn get(&self, rev: Option<&str>) -> Result<(), FetchError> {
        let url = self.address.as_str();
        let wanted = rev.unwrap_or("HEAD");
        let shallow = self.run(&["fetch", "--quiet", "--no-tags", "--depth=1", "--", url, wanted])?;
        if shallow.status.success() {
            return Ok(());
        }
        let is_commit = wanted.len() >= 40 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        let no_ref = shallow.stderr.contains("couldn't find remote ref");
        if no_ref && !is_commit {
            return Err(match rev {
                None => FetchError::Empty { url: self.url.clone() },
                Some(rev) => self.unknown(rev)?,
            });
        }
        // Some servers give no single commit, and some no shallow history; all of them give everything. Their branches must
        // not become ours: git fetches nothing into the one that is checked out, and that is `main` for many people.
        let cannot = ["shallow", "unadvertised", "not our ref", "remote error"];
        if !is_commit && !cannot.iter().any(|text| shallow.stderr.contains(text)) {
            return Err(FetchError::Failed { url: self.url.clone(), lines: self.words(&shallow) });
        }
        let all = ["fetch", "--quiet", "--", url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
        self.succeed(&all)?;
        if is_commit {
            let commit = format!("{wanted}^{{commit}}");
            if !self.run(&["cat-file", "-e", &commit])?.status.success() {
                return Err(self.unknown(wanted)?);
            }
            return self.succeed(&["fetch", "--quiet", "--", ".", wanted]).map(drop);
        }
        self.succeed(&["fetch", "--quiet", "--no-tags", "--", url, wanted]).map(drop)
    }

    fn unknown(&self, rev: &str) -> Result<FetchError, FetchError> {
        Ok(FetchError::UnknownRev { url: self.url.clone(), rev: rev.to_owned(), tags: self.tags(OFFERED)? })
    }

    /// The branch that was fetched, if it was one.
    fn fetched_branch(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.join(".git/FETCH_HEAD")).ok()?;
        let (branch, _) = text.lines().next()?.splitn(3, '\t').nth(2)?.strip_prefix("branch '")?.split_once("' of ")?;
        Some(branch.to_owned())
    }

    /// The folders of the submodules of what is checked out.
    fn submodules(&self) -> Result<Vec<PathBuf>, FetchError> {
        let files = self.succeed(&["ls-files", "--stage", "-z"])?;
        let gitlinks = files.split('\0').filter(|line| line.starts_with("160000 "));
        Ok(gitlinks.filter_map(|line| Some(self.folder.join(line.split_once('\t')?.1))).collect())
    }

    /// What an earlier version has left of its submodules is none of the next one's files.
    fn remove_submodules(&self) -> Result<(), FetchError> {
        let submodules = self.submodules()?;
        for folder in submodules.into_iter().chain([self.folder.join(".git/modules")]).filter(|folder| folder.exists())
        {
            let failed = |source| FetchError::Io { action: "remove", path: folder.clone(), source };
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        Ok(())
    }

    /// Puts the files of the submodules in their places, as if they were the repository's own.
    fn fetch_submodules(&self) -> Result<(), FetchError> {
        let submodules = self.submodules()?;
        if submodules.is_empty() {
            return Ok(());
        }
        // Git lets a repository of another machine name none of this one, and so it stays.
        let is_here = Path::new(&self.address).exists() || self.address.starts_with("file://");
        let local: &[&str] = if is_here { &["-c", "protocol.file.allow=always"] } else { &[] };
        let update = ["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"];
        let output = self.run(&[local, &update].concat())?;
        if !output.status.success() {
            return Err(FetchError::Submodules { url: self.url.clone(), lines: self.words(&output) });
        }
        for entry in submodules.iter().flat_map(WalkDir::new).flatten().filter(|entry| entry.file_name() == ".git") {
            let failed = |source| FetchError::Io { action: "remove", path: entry.path().to_owned(), source };
            fs::remove_file(entry.path()).map_err(failed)?;
        }
        Ok(())
    }

    /// Makes sure that no file is a mere pointer to what another server has.
    fn check_lfs(&self) -> Result<(), FetchError> {
        let walk = WalkDir::new(&self.folder).into_iter().filter_entry(|entry| entry.file_name() != ".git");
        for entry in walk.flatten().filter(|entry| entry.file_type().is_file()) {
            let mut start = Vec::new();
            let read = File::open(entry.path()).and_then(|file| file.take(64).read_to_end(&mut start));
            if read.is_ok() && start.starts_with(LFS_POINTER) {
                let path = entry.path().strip_prefix(&self.folder).unwrap_or(entry.path()).display().to_string();
                return Err(FetchError::Lfs { url: self.url.clone(), path });
            }
        }
        Ok(())
    }

    /// The folder of the template, or what there is instead.
    fn find(&self, folder: &str) -> Result<PathBuf, FetchError> {
        let path = self.folder.join(folder);
        let real = fs::canonicalize(&path).ok().filter(|real| real.is_dir());
        // A link in the repository must not lead out of it.
        if real.is_some_and(|real| fs::canonicalize(&self.folder).is_ok_and(|root| real.starts_with(root))) {
            return Ok(path);
        }
        let mut found: Vec<_> = WalkDir::new(&self.folder)
            .max_depth(OFFERED_DEPTH)
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_name() == "template.toml")
            .filter_map(|entry| {
                let folder = entry.path().parent()?.strip_prefix(&self.folder).ok()?;
                let names: Vec<_> = folder.iter().map(|name| name.to_string_lossy()).collect();
                Some(if names.is_empty() { "the repository itself".to_owned() } else { names.join("/") })
            })
            .collect();
        found.sort();
        found.truncate(OFFERED);
        Err(FetchError::NoFolder { url: self.url.clone(), folder: folder.to_owned(), found })
    }

    /// What git prints, where it succeeds.
    fn succeed(&self, arguments: &[&str]) -> Result<String, FetchError> {
        let output = self.run(arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(FetchError::Failed { url: self.url.clone(), lines: self.words(&output) })
    }

    /// The last words of git, without what only the owner of the address may know.
    fn words(&self, output: &Output) -> Vec<String> {
        let host = self.address.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        let secret = host.and_then(|host| Some(host.rsplit_once('@')?.0));
        let public = |line: &str| match secret {
            Some(secret) if self.address != self.url => {
                line.replace(&self.address, &self.url).replace(&format!("{secret}@"), "")
            }
            _ => line.to_owned(),
        };
        let lines: Vec<_> = output.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].iter().map(|line| format!("  {}", public(line))).collect()
    }

    /// Runs git in the new repository until it ends or the user interrupts.
    fn run(&self, arguments: &[&str]) -> Result<Output, FetchError> {
        let failed = |action| move |source| FetchError::Io { action, path: PathBuf::from("git"), source };
        // Into files: a pipe would stay open for as long as a connection that ssh keeps for later.
        let (mut stdout, mut stderr) = (
            tempfile::tempfile().map_err(failed("keep the output of"))?,
            tempfile::tempfile().map_err(failed("keep the output of"))?,
        );
        let mut command = process::command("git");
        command
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            // Its messages are read here, too.
            .env("LC_ALL", "C")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .stdout(stdout.try_clone().map_err(failed("keep the output of"))?)
            .stderr(stderr.try_clone().map_err(failed("keep the output of"))?);
        if env::var_os("GIT_TERMINAL_PROMPT").is_none() && !io::stdin().is_terminal() {
            command.env("GIT_TERMINAL_PROMPT", "0");
        }
        let mut git = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FetchError::NoGit,
            _ => failed("start")(error),
        })?;
        let status = loop {
            if (self.interrupted)() {
                // It may have ended by itself, from the same Ctrl-C.
                let _ = git.kill();
                let _ = git.wait();
                return Err(FetchError::Interrupted);
            }
            match git.try_wait().map_err(failed("wait for"))? {
                Some(status) => break status,
                None => thread::sleep(POLL),
            }
        };
        let (stdout, stderr) = (text(&mut stdout), text(&mut stderr));
        Ok(Output {
            status,
            stdout: stdout.map_err(failed("read the output of"))?,
            stderr: stderr.map_err(failed("read the output of"))?,
        })
    }
}

/// Git must not take for an option what somebody has typed.
fn check_no_option(text: &str) -> Result<(), FetchError> {
    if text.starts_with('-') { Err(FetchError::Option { text: text.to_owned() }) } else { Ok(()) }
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
