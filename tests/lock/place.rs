//! A sandbox with crates, and a template whose projects depend on them.

use std::path::Path;
use std::process::Command;

use super::support::{Ran, Sandbox};

/// The crates: name, version, the rest of the manifest.
const CRATES: [(&str, &str, &str); 8] = [
    (
        "alpha",
        "1.2.0",
        "[features]\nextra = [\"dep:beta\", \"gamma?/std\"]\nidle = []\n[dependencies]\nbeta = { version = \"1\", optional = true }\ngamma = { version = \"1\", optional = true }\n",
    ),
    ("beta", "1.0.0", ""),
    (
        "gamma",
        "1.0.0",
        "[features]\ndefault = [\"light\"]\nlight = []\nstd = [\"delta\"]\n[dependencies]\ndelta = { version = \"1\", optional = true }\n",
    ),
    ("delta", "1.0.0", ""),
    ("delta", "2.3.0", ""),
    (
        "epsilon",
        "0.4.1",
        "[dependencies]\nold = { package = \"delta\", version = \"1\" }\ndelta = \"2\"\n[target.'cfg(windows)'.dependencies]\nomega = \"1\"\n",
    ),
    ("omega", "1.0.0", ""),
    // No project of the template asks for it.
    ("mine", "1.0.0", "[dependencies]\ngamma = { version = \"1\", features = [\"std\"] }\n"),
];

const TEMPLATE: [(&str, &str); 10] = [
    (
        "template.toml",
        "format = 1\nname = \"locked\"\nversion = \"1.0.0\"\nabout = \"projects with a lock file\"\n\n\
         [[preset]]\nname = \"minimal\"\nabout = \"the base\"\ndefault = true\n\n\
         [dependencies]\ninto = \"Cargo.toml\"\nslot = \"dependencies\"\n[dependencies.crates]\n\
         alpha = { version = \"1\", features = [\"idle\"] }\nepsilon = \"0.4\"\nomega = \"1\"\n",
    ),
    ("base/feature.toml", "dependencies = [\"alpha\"]\n"),
    (
        "base/files/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n[workspace.package]\nversion = \"0.1.0\"\n\n\
         [workspace.dependencies]\n# @slot dependencies sort\n",
    ),
    (
        "base/files/crates/app/Cargo.toml",
        "[package]\nname = \"app\"\nversion.workspace = true\nedition = \"2024\"\n\n[dependencies]\n# @slot dependencies sort\n",
    ),
    ("base/files/crates/app/src/lib.rs", "//! The application.\n"),
    (
        "features/plain/feature.toml",
        "title = \"Plain\"\nabout = \"alpha as it is\"\n\n[[insert]]\ninto = \"crates/app/Cargo.toml\"\n\
         slot = \"dependencies\"\ntext = \"alpha.workspace = true\"\n",
    ),
    (
        "features/fast/feature.toml",
        "title = \"Fast\"\nabout = \"alpha with more\"\nconflicts = [\"plain\"]\n\n[[insert]]\n\
         into = \"crates/app/Cargo.toml\"\nslot = \"dependencies\"\n\
         text = 'alpha = { workspace = true, features = [\"extra\"] }'\n",
    ),
    (
        "features/wide/feature.toml",
        "title = \"Wide\"\nabout = \"a crate of its own\"\ndependencies = [\"epsilon\", \"omega\"]\n",
    ),
    (
        "features/wide/files/crates/wide/Cargo.toml",
        "[package]\nname = \"wide\"\nversion.workspace = true\nedition = \"2024\"\n\n[dependencies]\n\
         epsilon.workspace = true\n\n[dev-dependencies]\nomega.workspace = true\napp = { path = \"../app\" }\n",
    ),
    ("features/wide/files/crates/wide/src/lib.rs", "//! Wide.\n"),
];

/// A sandbox with the crates and the template.
pub(crate) struct Place {
    pub(crate) sandbox: Sandbox,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { sandbox: Sandbox::new() };
        for (name, version, rest) in CRATES {
            let folder = format!("crates/{name}-{version}");
            let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}");
            place.sandbox.write(&format!("{folder}/Cargo.toml"), manifest);
            place.sandbox.write(&format!("{folder}/src/lib.rs"), "");
            let hash = format!("{:0>64}", format!("{}{}", name.len(), version.replace('.', "")));
            let checksum = format!("{{\"files\":{{}},\"package\":\"{hash}\"}}");
            place.sandbox.write(&format!("{folder}/.cargo-checksum.json"), checksum);
        }
        let crates = place.sandbox.path("crates").display().to_string();
        place.sandbox.write(
            "home/.cargo/config.toml",
            format!("[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = {crates:?}\n"),
        );
        for (path, text) in TEMPLATE {
            place.sandbox.write(&format!("template/{path}"), text);
        }
        place
    }

    /// A folder of programs that has git, and no cargo.
    pub(crate) fn git_alone(&self) -> std::path::PathBuf {
        let folder = self.sandbox.path("git-alone");
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file());
        std::os::unix::fs::symlink(git.expect("git is installed"), folder.join("git")).expect("a link");
        folder
    }

    /// The same, with the template's lock file written.
    pub(crate) fn locked() -> Self {
        let place = Self::new();
        place.template("lock").expect(0);
        place
    }

    /// Lets the program and cargo find the crates, and the cargo that runs this test.
    fn with_crates(&self, mut command: Command) -> Command {
        let tools = Path::new(env!("CARGO")).parent().expect("a folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(tools).chain(std::env::split_paths(&path));
        command
            .env("PATH", std::env::join_paths(paths).expect("paths"))
            .env("CARGO_HOME", self.sandbox.path("home/.cargo"))
            .env_remove("RUSTUP_TOOLCHAIN");
        command
    }

    /// Runs the program in the folder `work`.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.sandbox.finish(&mut self.with_crates(self.sandbox.neoforge(line.split_whitespace())))
    }

    /// Runs `neoforge template …` on the template.
    pub(crate) fn template(&self, command: &str) -> Ran {
        self.run(&format!("template {command} {}", self.sandbox.path("template").display()))
    }

    /// Makes the project `work/my-app`.
    pub(crate) fn make(&self, arguments: &str) {
        let template = self.sandbox.path("template").display().to_string();
        self.run(&format!("new my-app --yes --smoke none --template {template} {arguments}")).expect(0);
    }

    /// Runs the program in the project.
    pub(crate) fn change(&self, line: &str) -> Ran {
        self.run(&format!("{line} --yes --project my-app"))
    }

    /// Runs cargo in the project.
    #[track_caller]
    pub(crate) fn cargo(&self, line: &str) {
        let mut command = self.with_crates(self.sandbox.command(env!("CARGO")));
        let output = command.current_dir(self.sandbox.path("work/my-app")).args(line.split_whitespace()).output();
        let output = output.expect("cargo runs");
        assert!(output.status.success(), "cargo {line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Cargo takes the lock file of the project as it is.
    #[track_caller]
    pub(crate) fn takes_the_lock(&self) {
        self.cargo("metadata --format-version 1 --locked --offline");
    }

    /// The project's lock file.
    pub(crate) fn lock(&self) -> String {
        self.sandbox.read("work/my-app/Cargo.lock")
    }

    /// Puts a text in the place of another in a file of the project.
    pub(crate) fn edit(&self, path: &str, before: &str, after: &str) {
        let path = format!("work/my-app/{path}");
        let text = self.sandbox.read(&path);
        assert!(text.contains(before), "no {before:?} in {text}");
        self.sandbox.write(&path, text.replacen(before, after, 1));
    }

    /// Lets cargo bring the lock file up to date, and commits everything.
    pub(crate) fn build_and_commit(&self) {
        self.cargo("metadata --format-version 1 --offline");
        self.commit();
    }

    pub(crate) fn commit(&self) {
        self.sandbox.git("work/my-app", &["add", "--all"]);
        self.sandbox.git("work/my-app", &["commit", "--quiet", "--message", "an edit"]);
    }
}
