//! What `cargo package` and a release deliver: the whole template, for the one toolchain that everything is tested with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use neoforge::embedded;
use neoforge::project::read::read_tree;
use toml::Table;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest() -> Table {
    read("Cargo.toml").parse().expect("a manifest")
}

/// The files that `cargo package` puts into the package, with `/` between the names.
fn packaged() -> BTreeSet<String> {
    let cargo = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let list = String::from_utf8(cargo.stdout).expect("UTF-8");
    list.lines().map(|line| line.replace('\\', "/")).collect()
}

#[test]
fn the_package_holds_the_whole_template() {
    let template = embedded::template();
    let embedded: BTreeSet<_> = template.iter().map(|(path, _)| path.to_string()).collect();
    let packaged: BTreeSet<_> =
        packaged().iter().filter_map(|path| path.strip_prefix("template/").map(ToOwned::to_owned)).collect();
    let missing: Vec<_> = embedded.difference(&packaged).collect();
    assert!(
        missing.is_empty(),
        "cargo leaves out a folder with a `Cargo.toml`, which it takes for another package; call it `Cargo.toml.liquid`: \
         {missing:#?}"
    );
    assert_eq!(embedded, packaged);
}

#[test]
fn the_package_holds_what_it_is_built_from_and_nothing_else() {
    let others: BTreeSet<_> = packaged().into_iter().filter(|path| !path.starts_with("template/")).collect();
    let mut expected: BTreeSet<String> = [
        // Cargo's own.
        ".cargo_vcs_info.json",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "build.rs",
    ]
    .map(ToOwned::to_owned)
    .into();
    let sources = read_tree(&root().join("src")).expect("the sources");
    expected.extend(sources.iter().map(|(path, _)| format!("src/{path}")));
    assert_eq!(others, expected);
}

#[test]
fn a_program_built_without_executable_bits_embeds_the_same_template() {
    for (path, file) in &embedded::template() {
        let by_its_first_line = file.bytes.starts_with(b"#!/");
        assert_eq!(file.executable, by_its_first_line, "{path}: begin it with `#!/`, or take its executable bit");
    }
}

#[test]
fn one_toolchain_stands_everywhere() {
    let manifest = manifest();
    let version = manifest["package"]["rust-version"].as_str().expect("a version");
    let workflows: Vec<PathBuf> = fs::read_dir(root().join(".github/workflows"))
        .expect("workflows")
        .map(|entry| entry.expect("an entry").path())
        .chain([root().join("template/features/github-actions/files/.github/workflows/ci.yml")])
        .collect();
    let mut installed = 0;
    for workflow in workflows {
        let text = fs::read_to_string(&workflow).expect("a workflow");
        let commands = text.lines().filter_map(|line| {
            let (_, command) = line.split_once("run: ")?;
            command.strip_prefix("rustup toolchain install ").or_else(|| command.strip_prefix("rustup default "))
        });
        for command in commands {
            assert_eq!(command.split(' ').next(), Some(version), "{}", workflow.display());
            installed += 1;
        }
    }
    assert!(installed > 4, "the workflows install a toolchain by `rustup`");
    for (path, expected) in [
        ("template/base/files/Cargo.toml.liquid", format!("rust-version = \"{version}\"")),
        ("template/features/docker/files/Dockerfile.liquid", format!("FROM rust:{version}-")),
        ("template/base/files/README.md.liquid", format!("(https://rustup.rs) {version} or newer")),
        ("template/base/files/docs/getting-started.md", format!("(https://rustup.rs) {version} or newer")),
        ("README.md", format!("(https://rustup.rs) {version} or newer")),
    ] {
        assert!(read(path).contains(&expected), "{path} does not say {expected:?}");
    }
}

#[test]
fn binstall_finds_the_archives_of_a_release() {
    let manifest = manifest();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let filled = |key: &str| {
        let mut text = binstall[key].as_str().expect("a text").to_owned();
        for (name, value) in [
            ("{ repo }", "REPO"),
            ("{ version }", "1.2.3"),
            ("{ target }", "TARGET"),
            ("{ archive-suffix }", ".tar.gz"),
            ("{ bin }", "neoforge"),
            ("{ binary-ext }", ".exe"),
        ] {
            text = text.replace(name, value);
        }
        text
    };
    assert_eq!(binstall["pkg-fmt"].as_str(), Some("tgz"));
    assert_eq!(filled("pkg-url"), "REPO/releases/download/v1.2.3/neoforge-1.2.3-TARGET.tar.gz");
    assert_eq!(filled("bin-dir"), "neoforge-1.2.3-TARGET/neoforge.exe");
    let script = read("scripts/archive");
    assert!(script.contains("name=neoforge-$version-$target"), "scripts/archive names the folder and the archive");
    let workflow = read(".github/workflows/release.yml");
    assert!(workflow.contains("\"v$(cargo pkgid | sed 's/.*[#@]//')\" = \"$GITHUB_REF_NAME\""), "tags are `v1.2.3`");
}
