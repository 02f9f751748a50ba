//! The repository of a new project, with one commit.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use git2::{
    Config, ConfigLevel, ErrorClass, ErrorCode, Index, IndexEntry, Repository, RepositoryInitOptions, StatusOptions,
};

use super::pack::{self, Packed};
use super::stat;
use crate::process;
use crate::tree::FileTree;

/// The branch of a user who has not chosen one.
const DEFAULT_BRANCH: &str = "main";

/// What has become of the first commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// All files are committed.
    Commit {
        /// The branch that was made.
        branch: String,
        /// The commit, as 40 hexadecimal digits.
        id: String,
    },
    /// Git does not know who the user is: all files are staged, and wait for `git commit`.
    NoIdentity {
        /// The branch that the commit will make.
        branch: String,
    },
    /// Git made no commit, for instance because it could not sign it: all files are staged.
    Refused {
        /// What git said.
        said: String,
    },
}

/// Why there is no repository.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum GitError {
    #[error("git failed to {action}")]
    Git { action: &'static str, source: git2::Error },
    #[error("failed to {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("git failed to {action}: {said}")]
    Said { action: &'static str, said: String },
    #[error("{name:?} is not a name for a branch; set another with `git config --global init.defaultBranch main`")]
    Branch { name: String },
}

/// What git was asked to do when it failed, as a verb.
fn git(action: &'static str) -> impl Fn(git2::Error) -> GitError {
    move |source| GitError::Git { action, source }
}

/// The work tree of the repository that `path` is or would be in; `path` need not exist.
///
/// A repository that ignores `path` does not count: whoever keeps scratch projects in an ignored folder wants each of them
/// to have its own.
#[must_use]
pub fn enclosing_repository(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let root = path.ancestors().find(|folder| is_work_tree(folder))?;
    let inside = path.strip_prefix(root).unwrap_or(&path);
    // Git tells of every repository, and a trailing slash makes it a folder for patterns such as `/tmp/`.
    let ignored = !inside.as_os_str().is_empty()
        && process::command("git")
            .args(["check-ignore", "--quiet"])
            .arg(inside.join(""))
            .current_dir(root)
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|asked| asked.status.success());
    (!ignored).then(|| root.to_path_buf())
}

/// The files below `folder` that git neither tracks nor ignores, such as what a first build left there; none where `folder` is
/// not the top of a repository.
#[must_use]
pub fn untracked(folder: &Path) -> Vec<String> {
    let mut options = StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false);
    let Ok(repository) = Repository::open(folder) else { return Vec::new() };
    let Ok(statuses) = repository.statuses(Some(&mut options)) else { return Vec::new() };
    let new = statuses.iter().filter(|entry| entry.status().is_wt_new());
    new.filter_map(|entry| entry.path().ok().map(str::to_owned)).collect()
}

fn is_work_tree(folder: &Path) -> bool {
    let git = folder.join(".git");
    match fs::metadata(&git) {
        Ok(metadata) if metadata.is_dir() => git.join("HEAD").exists(),
        // A linked work tree or a submodule.
        Ok(metadata) => metadata.is_file(),
        Err(_) => false,
    }
}

/// Makes a repository in `folder`, which holds the files of `tree`, and commits exactly these, ignored ones too.
///
/// # Errors
/// As [`init`] and [`commit`].
pub fn init_and_commit(folder: &Path, tree: &FileTree, message: &str) -> Result<Committed, GitError> {
    init(folder, tree)?;
    commit(folder, message)
}

/// Makes a repository in `folder`, which holds the files of `tree`, and stages exactly these, ignored ones too.
///
/// Branch and hooks are what `git init` would take: from the user's configuration (`init.defaultBranch`, `init.templateDir`)
/// and from the environment (`GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM`, `GIT_TEMPLATE_DIR`).
///
/// The files on disk are not read: they must be what `tree` says, as [`Staged::write`](super::Staged::write) leaves them.
/// No end of line is converted and no filter is run.
///
/// # Errors
/// [`GitError`]; a part of the repository may stand in `folder/.git` then.
pub fn init(folder: &Path, tree: &FileTree) -> Result<(), GitError> {
    let from_env = config_from_env()?;
    let branch = default_branch(folder, from_env.as_ref())?;
    let repository = init_repository(folder, &branch, from_env.as_ref())?;
    let packs = repository.path().join("objects/pack");
    let packed = fs::create_dir_all(&packs)
        .and_then(|()| pack::write(&packs, tree))
        .map_err(|source| GitError::Io { action: "write a pack to", path: packs.clone(), source })?;
    write_index(&repository, folder, tree, &packed)
}

/// Commits what is staged in a repository without commits, as the user's own git does it: it knows who they are and how they
/// sign. No hook is run.
///
/// # Errors
/// [`GitError`]: git cannot be run, or the repository cannot be read.
pub fn commit(folder: &Path, message: &str) -> Result<Committed, GitError> {
    let options = [
        "core.hooksPath=/dev/null",
        // Nothing may go on in the background in a folder that is about to be renamed.
        "core.fsmonitor=false",
        "gc.auto=0",
        "maintenance.auto=false",
    ];
    let mut arguments: Vec<&str> = options.iter().flat_map(|option| ["-c", option]).collect();
    arguments.extend(["commit", "--quiet", "--no-verify", "--message", message]);
    let Some(run) = run(folder, "commit", &arguments)? else { return commit_without_git(folder, message) };
    let branch = asked(folder, &["symbolic-ref", "--short", "HEAD"])?.unwrap_or_default();
    if run.status.success() {
        let id = asked(folder, &["rev-parse", "HEAD"])?.unwrap_or_default();
        return Ok(Committed::Commit { branch, id });
    }
    for who in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
        if asked(folder, &["var", who])?.is_none() {
            return Ok(Committed::NoIdentity { branch });
        }
    }
    Ok(Committed::Refused { said: words(&run) })
}

/// Whether git may take other settings for a commit in another folder: those that it includes for some folders only.
#[must_use]
pub fn depends_on_folder(folder: &Path) -> bool {
    let names = asked(folder, &["config", "--list", "--name-only"]).ok().flatten();
    names.is_some_and(|names| names.lines().any(|name| name.starts_with("includeif.gitdir")))
}

/// Whether a folder is the top of a repository in which nothing was committed or staged yet, such as a clone of a new one.
#[must_use]
pub fn is_empty_repository(folder: &Path) -> bool {
    let says = |arguments: &[&str]| asked(folder, arguments).ok().flatten();
    folder.join(".git").exists()
        && says(&["rev-parse", "--show-prefix"]).is_some_and(|prefix| prefix.is_empty())
        && says(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_none()
        && says(&["ls-files", "--cached"]).is_some_and(|files| files.is_empty())
}

/// Stages everything in a repository but its `.env`, ignored files too, as git has it in its objects.
///
/// # Errors
/// [`GitError`], with what git says.
pub fn stage_all(folder: &Path) -> Result<(), GitError> {
    match run(folder, "stage the files", &["add", "--force", "--", ".", ":(exclude,top).env"])? {
        Some(run) if !run.status.success() => Err(GitError::Said { action: "stage the files", said: words(&run) }),
        _ => Ok(()),
    }
}

/// Keeps a file of a project out of commits, where no rule does so already: by `info/exclude` of the repository that the project
/// is in, or by a line in its own `.gitignore`. It is for a file that holds secrets in a project whose template forgot about it.
///
/// Gives the `.gitignore` that it has changed.
///
/// # Errors
/// [`GitError`]: the rules cannot be written.
pub fn keep_out(folder: &Path, name: &str) -> Result<Option<PathBuf>, GitError> {
    let repository = Repository::discover(folder).ok().filter(|repository| repository.workdir().is_some());
    let Some(repository) = repository else { return ignore(folder, name) };
    let real = folder.canonicalize().map_err(|source| io_error("find", folder, source))?;
    let top = repository.workdir().and_then(|top| top.canonicalize().ok()).unwrap_or_else(|| real.clone());
    let Ok(inside) = real.strip_prefix(&top) else { return ignore(folder, name) };
    // One rule too many does no harm.
    if repository.is_path_ignored(inside.join(name)).unwrap_or(false) {
        return Ok(None);
    }
    let parts: Vec<_> = inside.join(name).iter().map(|part| part.to_string_lossy().into_owned()).collect();
    append(&repository.commondir().join("info/exclude"), &format!("/{}", parts.join("/")))?;
    Ok(None)
}

/// As [`keep_out`], for a project that is in no repository yet.
fn ignore(folder: &Path, name: &str) -> Result<Option<PathBuf>, GitError> {
    let scratch = tempfile::tempdir().map_err(|source| io_error("create a folder in", &env::temp_dir(), source))?;
    let ignored = Repository::init(scratch.path()).and_then(|repository| {
        repository.set_workdir(folder, false)?;
        repository.is_path_ignored(name)
    });
    if ignored.unwrap_or(false) {
        return Ok(None);
    }
    let path = folder.join(".gitignore");
    append(&path, &format!("/{name}"))?;
    Ok(Some(path))
}

/// Adds a line to a file of rules.
fn append(path: &Path, line: &str) -> Result<(), GitError> {
    let append = || -> io::Result<()> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let old = fs::read(path)
            .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(vec![]) } else { Err(error) })?;
        let gap = if old.is_empty() || old.ends_with(b"\n") { "" } else { "\n" };
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{gap}{line}")
    };
    append().map_err(|source| io_error("write", path, source))
}

/// Runs the user's git; nothing where there is none.
fn run(folder: &Path, action: &'static str, arguments: &[&str]) -> Result<Option<Output>, GitError> {
    let mut git = process::command("git");
    match git.args(arguments).current_dir(folder).stdin(Stdio::null()).output() {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GitError::Said { action, said: source.to_string() }),
    }
}

/// What git prints, if it is there and succeeds.
fn asked(folder: &Path, arguments: &[&str]) -> Result<Option<String>, GitError> {
    let output = run(folder, "answer", arguments)?.filter(|output| output.status.success());
    Ok(output.map(|output| String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> GitError {
    GitError::Io { action, path: path.to_path_buf(), source }
}

/// The commit of a user who has no git: it is not signed.
fn commit_without_git(folder: &Path, message: &str) -> Result<Committed, GitError> {
    let repository = Repository::open(folder).map_err(git("open the new repository"))?;
    if let Some(mut config) = config_from_env()? {
        let local = repository.path().join("config");
        config.add_file(&local, ConfigLevel::Local, true).map_err(git("read the new configuration"))?;
        repository.set_config(&config).map_err(git("read the new configuration"))?;
    }
    let failed = || git("commit");
    let head = repository.find_reference("HEAD").map_err(failed())?;
    let branch = head.symbolic_target().ok().flatten().unwrap_or_default().trim_start_matches("refs/heads/").to_owned();
    let identity = repository.author_from_env().and_then(|author| Ok((author, repository.committer_from_env()?)));
    let (author, committer) = match identity {
        Ok(identity) => identity,
        Err(error) if error.code() == ErrorCode::NotFound || error.class() == ErrorClass::Invalid => {
            return Ok(Committed::NoIdentity { branch });
        }
        Err(error) => return Err(git("find out who you are")(error)),
    };
    let id = repository
        .index()
        .and_then(|mut index| repository.find_tree(index.write_tree()?))
        .and_then(|tree| repository.commit(Some("HEAD"), &author, &committer, message, &tree, &[]))
        .map_err(failed())?;
    Ok(Committed::Commit { branch, id: id.to_string() })
}

/// The user's configuration where the environment says which files it is made of; `None` where libgit2 finds it itself.
///
/// libgit2 looks at these variables only together with those that name another repository, which are not for us.
fn config_from_env() -> Result<Option<Config>, GitError> {
    let [global, system, no_system] =
        ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"].map(env::var_os);
    if global.is_none() && system.is_none() && no_system.is_none() {
        return Ok(None);
    }
    let no_system = no_system.is_some_and(|value| !matches!(value.to_str(), Some("" | "0" | "false" | "no" | "off")));
    let system = if no_system { None } else { system.map(PathBuf::from).or_else(|| Config::find_system().ok()) };
    let files = match global {
        Some(global) => vec![(system, ConfigLevel::System), (Some(PathBuf::from(global)), ConfigLevel::Global)],
        None => vec![
            (system, ConfigLevel::System),
            (Config::find_xdg().ok(), ConfigLevel::XDG),
            (Config::find_global().ok(), ConfigLevel::Global),
        ],
    };
    let mut config = Config::new().map_err(git("read its configuration"))?;
    for (path, level) in files {
        if let Some(path) = path.filter(|path| path.is_file()) {
            config.add_file(&path, level, false).map_err(git("read its configuration"))?;
        }
    }
    Ok(Some(config))
}

fn default_branch(folder: &Path, from_env: Option<&Config>) -> Result<String, GitError> {
    let get = |config: &Config| match asked(folder, &["config", "--get", "init.defaultBranch"]) {
        // It knows settings that libgit2 does not.
        Ok(Some(name)) => Ok(name),
        _ => config.get_string("init.defaultBranch"),
    };
    let name = match from_env.map_or_else(|| get(&Config::open_default()?), get) {
        Ok(name) => name,
        Err(error) if error.code() == ErrorCode::NotFound => DEFAULT_BRANCH.to_owned(),
        Err(error) => return Err(git("read its configuration")(error)),
    };
    if git2::Branch::name_is_valid(&name).unwrap_or(false) { Ok(name) } else { Err(GitError::Branch { name }) }
}

fn init_repository(folder: &Path, branch: &str, from_env: Option<&Config>) -> Result<Repository, GitError> {
    let mut options = RepositoryInitOptions::new();
    options.no_reinit(true).mkdir(false).external_template(true).initial_head(branch);
    let template = env::var_os("GIT_TEMPLATE_DIR")
        .map(PathBuf::from)
        .or_else(|| from_env.and_then(|config| config.get_path("init.templateDir").ok()));
    if let Some(template) = template.filter(|template| template.is_dir()) {
        options.template_path(&template);
    }
    Repository::init_opts(folder, &options).map_err(git("make a repository"))
}

/// Writes the index such that git finds nothing to look at again.
fn write_index(repository: &Repository, folder: &Path, tree: &FileTree, packed: &Packed) -> Result<(), GitError> {
    let failed = git("write its index");
    // Opened by its path, it belongs to no repository, and libgit2 does not look up every object that we have just written.
    let mut index = Index::open(&repository.path().join("index")).map_err(&failed)?;
    for ((path, file), id) in tree.iter().zip(&packed.files) {
        let on_disk = folder.join(path.as_str());
        let metadata = fs::symlink_metadata(&on_disk).map_err(|source| GitError::Io {
            action: "look at",
            path: on_disk,
            source,
        })?;
        let mode = if file.executable { 0o100_755 } else { 0o100_644 };
        let entry = IndexEntry { mode, id: *id, path: path.as_str().as_bytes().to_vec(), ..stat::entry(&metadata) };
        index.add(&entry).map_err(&failed)?;
    }
    index.write().map_err(&failed)
}
