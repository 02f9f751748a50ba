//! Embeds the template folder and all released templates in the program, and the template's version for `--version`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=template");
    println!("cargo::rerun-if-changed=build.rs");
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join("template");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    files.sort();

    let mut table = String::from("pub(super) static FILES: &[(&str, bool, &[u8])] = &[\n");
    for (path, file) in &files {
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "    ({path:?}, {}, include_bytes!({:?})),",
            is_executable(file),
            file.display().to_string()
        );
    }
    table.push_str("];\n");
    write(&Path::new(&variable("OUT_DIR")).join("template.rs"), &table);

    println!("cargo::rerun-if-changed=src/releases");
    write(&Path::new(&variable("OUT_DIR")).join("releases.rs"), &releases());

    let manifest = read(&root.join("template.toml"));
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .unwrap_or_else(|| panic!("template/template.toml has no line `version = \"…\"`"));
    println!("cargo::rustc-env=NEOFORGE_TEMPLATE_VERSION={version}");
}

/// The packed templates of all releases, by version.
fn releases() -> String {
    let mut files = Vec::new();
    collect(&Path::new(&variable("CARGO_MANIFEST_DIR")).join("src/releases"), "", &mut files);
    let mut table = String::from("pub(super) static RELEASES: &[(&str, &[u8])] = &[\n");
    for (name, file) in &files {
        if let Some(version) = name.strip_suffix(".tree") {
            let _ = writeln!(table, "    ({version:?}, include_bytes!({:?})),", file.display().to_string());
        }
    }
    table.push_str("];\n");
    table
}

/// Every file below `folder`, with its path relative to the template.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("failed to read {}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("failed to read {}: {error}", folder.display()));
        let name = entry.file_name().into_string().unwrap_or_else(|name| panic!("{} is not UTF-8", name.display()));
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if entry.path().is_dir() {
            collect(&entry.path(), &path, files);
        } else {
            files.push((path, entry.path()));
        }
    }
}

/// The executable bit; where files have none, a file that begins with `#!/` is executable. A Rust file may begin with `#![`.
#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(file).unwrap_or_else(|error| panic!("failed to read {}: {error}", file.display()));
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"#!/"))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("cargo sets {name}: {error}"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
}
