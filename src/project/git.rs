//! The repository of a new project, with one commit.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use git2::{
    Config, ConfigLevel, ErrorClass, ErrorCode, Index, IndexEntry, Repository, RepositoryInitOptions, StatusOptions,
};

use super::pack::{self, Packed};
use super::stat;
use crate::process;
use crate::tree::FileTree;

/// The branch of a user who has not chosen one.
const DEFAULT_BRANCH: &str = "main";

/// What [`init_and_commit`] has done.
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
}

/// Why there is no repository.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum GitError {
    #[error("git failed to {action}")]
    Git { action: &'static str, source: git2::Error },
    #[error("failed to {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
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
/// Branch, hooks and the author are what `git init` and `git commit` would take: from the user's configuration
/// (`init.defaultBranch`, `init.templateDir`, `user.name`, `user.email`) and from the environment (`GIT_AUTHOR_NAME`, …,
/// `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM`, `GIT_TEMPLATE_DIR`). No hook is run, and nothing is signed.
///
/// The files on disk are not read: they must be what `tree` says, as [`Staged::write`](super::Staged::write) leaves them.
/// No end of line is converted and no filter is run.
///
/// # Errors
/// [`GitError`]; a part of the repository may stand in `folder/.git` then.
pub fn init_and_commit(folder: &Path, tree: &FileTree, message: &str) -> Result<Committed, GitError> {
    let from_env = config_from_env()?;
    let branch = default_branch(from_env.as_ref())?;
    let repository = init(folder, &branch, from_env.as_ref())?;
    if let Some(mut config) = from_env {
        let local = repository.path().join("config");
        config.add_file(&local, ConfigLevel::Local, true).map_err(git("read the new configuration"))?;
        repository.set_config(&config).map_err(git("read the new configuration"))?;
    }

    let packs = repository.path().join("objects/pack");
    let packed = fs::create_dir_all(&packs)
        .and_then(|()| pack::write(&packs, tree))
        .map_err(|source| GitError::Io { action: "write a pack to", path: packs.clone(), source })?;
    write_index(&repository, folder, tree, &packed)?;

    let identity = repository.author_from_env().and_then(|author| Ok((author, repository.committer_from_env()?)));
    let (author, committer) = match identity {
        Ok(identity) => identity,
        Err(error) if error.code() == ErrorCode::NotFound || error.class() == ErrorClass::Invalid => {
            return Ok(Committed::NoIdentity { branch });
        }
        Err(error) => return Err(git("find out who you are")(error)),
    };
    let id = repository
        .find_tree(packed.root)
        .and_then(|tree| repository.commit(Some("HEAD"), &author, &committer, message, &tree, &[]))
        .map_err(git("commit"))?;
    Ok(Committed::Commit { branch, id: id.to_string() })
}

/// Keeps a file of the repository at `folder` out of commits, where no `.gitignore` does so already. It is for a file that
/// holds secrets in a project whose template forgot about it.
///
/// # Errors
/// [`GitError`]: the repository or its `info/exclude` cannot be used.
pub fn exclude(folder: &Path, name: &str) -> Result<(), GitError> {
    let repository = Repository::open(folder).map_err(git("open the new repository"))?;
    if repository.is_path_ignored(name).map_err(git("read the ignore rules"))? {
        return Ok(());
    }
    let path = repository.path().join("info/exclude");
    let append = || -> io::Result<()> {
        fs::create_dir_all(repository.path().join("info"))?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
        writeln!(file, "/{name}")
    };
    append().map_err(|source| GitError::Io { action: "write", path: path.clone(), source })
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

fn default_branch(from_env: Option<&Config>) -> Result<String, GitError> {
    let get = |config: &Config| config.get_string("init.defaultBranch");
    let name = match from_env.map_or_else(|| get(&Config::open_default()?), get) {
        Ok(name) => name,
        Err(error) if error.code() == ErrorCode::NotFound => DEFAULT_BRANCH.to_owned(),
        Err(error) => return Err(git("read its configuration")(error)),
    };
    if git2::Branch::name_is_valid(&name).unwrap_or(false) { Ok(name) } else { Err(GitError::Branch { name }) }
}

fn init(folder: &Path, branch: &str, from_env: Option<&Config>) -> Result<Repository, GitError> {
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
