//! A hermetic place to run the program in: its own home, its own git configuration, no colours.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A temporary folder with a home of its own.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run of the program said.
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error, with the sandbox's folder as `[HERE]`.
    pub(crate) err: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Passes on a run that ended with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        sandbox.write(
            "home/.gitconfig",
            "[user]\nname = A Tester\nemail = tester@example.com\n[init]\ndefaultBranch = main\n",
        );
        fs::create_dir(sandbox.path("work")).expect("a folder to work in");
        sandbox
    }

    /// The folder that the program runs in.
    pub(crate) fn work(&self) -> PathBuf {
        self.path("work")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders can be made");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A command in the sandbox's environment.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.work())
            .env("PATH", search_path(true))
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_GLOBAL", self.path("home/.gitconfig"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CEILING_DIRECTORIES", self.folder.path())
            .env("NO_COLOR", "1")
            .env("USER", "tester")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("GIT_DIR")
            .env_remove("GIT_AUTHOR_NAME")
            .env_remove("GIT_AUTHOR_EMAIL")
            .env_remove("GIT_COMMITTER_NAME")
            .env_remove("GIT_COMMITTER_EMAIL");
        command
    }

    /// The program with these arguments.
    pub(crate) fn neoforge<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_neoforge"));
        command.args(arguments);
        command
    }

    /// Runs the program with the words of `line`, without a terminal.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.finish(&mut self.neoforge(line.split_whitespace()))
    }

    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let Output { status, stdout, stderr } = command.output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: status.code().unwrap_or(-1),
            out: text(stdout),
            err: text(stderr).replace(&self.folder.path().display().to_string(), "[HERE]"),
        }
    }

    /// Runs git and gives what it printed.
    pub(crate) fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.command("git").current_dir(self.path(folder)).args(arguments).output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A small template with everything in it, in the folder `template`.
    pub(crate) fn template(&self) -> String {
        for (path, text) in TEMPLATE {
            self.write(&format!("template/{path}"), text);
        }
        make_executable(&self.path("template/base/files/run"));
        self.path("template").display().to_string()
    }
}

/// Where programs are looked for: with this one first, as git finds it, or without any that has its name.
pub(crate) fn search_path(with_program: bool) -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_neoforge"));
    let (folder, name) = (program.parent().expect("a folder"), program.file_name().expect("a name"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).filter(|folder| with_program || !folder.join(name).exists());
    let own = with_program.then(|| folder.to_path_buf());
    std::env::join_paths(own.into_iter().chain(others)).expect("folders of programs")
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions can be set");
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) {}

const TEMPLATE: [(&str, &str); 14] = [
    (
        "template.toml",
        r#"
format = 1
name = "tiny"
version = "1.2.3"
about = "a template for tests"
reserved-names = ["engine"]
next = ["cat {{ name }}.txt"]

[[question]]
key = "title"
prompt = "Title?"
default = "{{ name | title_case }}"
pattern = "[^<]{1,40}"
message = "one to forty characters without <"

[[question]]
key = "port"
prompt = "Port?"
kind = "integer"
default = 80
min = 1
max = 65535

[[question]]
key = "licence"
prompt = "Licence?"
kind = "choice"
default = "mit"
choices = [{ value = "mit", title = "MIT" }, { value = "none" }]

[[question]]
key = "owner"
prompt = "Owner?"
default = "nobody"
when = "licence == 'mit'"

[[group]]
name = "database"
prompt = "Database?"
default = "lite"

[[preset]]
name = "minimal"
about = "the base"
default = true

[[preset]]
name = "full"
about = "everything"
all = true

[dependencies]
into = "deps.txt"
slot = "deps"
[dependencies.crates]
serde = { version = "1", features = ["derive"] }
lettre = "0.11"

[env]
example = ".env.example"
docs = "docs/README.md"

[docs]
pages = "docs/features"
index = "docs/README.md"
"#,
    ),
    (
        "base/feature.toml",
        r#"
dependencies = ["serde"]

[[env]]
key = "PORT"
default = "{{ port }}"
about = "where it listens"

[[env]]
key = "SECRET"
secret = true
about = "signs things"

[[env]]
key = "LOG"
default = "info"
commented = true
about = "how much it says"
"#,
    ),
    ("base/files/.env.example", "# @slot env\n"),
    ("base/files/deps.txt", "# @slot deps sort\n"),
    (
        "base/files/docs/README.md",
        "# Docs\n\n<!-- @slot features -->\n\n| variable | default | meaning |\n|---|---|---|\n<!-- @slot env -->\n",
    ),
    ("base/files/main.txt", "begin\n    # @slot parts\nend\n"),
    (
        "base/files/{{ name }}.txt.liquid",
        "{{ title }} on {{ port }} with {{ database }}{% if licence == 'mit' %}, by {{ owner }}{% endif %}\n",
    ),
    ("base/files/raw.yml", "run: ${{ github.sha }}\n"),
    ("base/files/run", "#!/bin/sh\n"),
    ("features/lite/feature.toml", "title = \"Lite\"\nabout = \"a small database\"\ngroup = \"database\"\n"),
    ("features/big/feature.toml", "title = \"Big\"\nabout = \"a big database\"\ngroup = \"database\"\n"),
    (
        "features/mail/feature.toml",
        r#"
title = "Mail"
about = "sends mail"
requires = ["jobs"]
dependencies = ["lettre"]

[[question]]
key = "sender"
prompt = "Sender?"
default = "me@{{ name }}.example"

[[insert]]
into = "main.txt"
slot = "parts"
text = "mail"
"#,
    ),
    ("features/mail/README.md", "# Mail\n"),
    (
        "features/jobs/feature.toml",
        "title = \"Jobs\"\nabout = \"runs jobs\"\n\n[[insert]]\ninto = \"main.txt\"\nslot = \"parts\"\ntext = \"jobs\"\n",
    ),
];
