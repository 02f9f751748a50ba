//! Every Rust file is formatted. Full smoke tests look at it, too, but not at every combination every day.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use neoforge::tree::File;

use super::{PROJECTS, is_rust};

#[test]
fn every_rust_file_is_formatted() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (mut seen, mut roots) = (BTreeSet::new(), Vec::new());
    fs::write(scratch.path().join("rustfmt.toml"), PROJECTS[0].text("rustfmt.toml")).expect("a settings file");
    for project in &*PROJECTS {
        for folder in project.texts().filter_map(|(path, _)| path.strip_suffix("/Cargo.toml")) {
            let below = format!("{folder}/");
            let files =
                project.tree.iter().filter_map(|(path, file)| Some((path.as_str().strip_prefix(&below)?, file)));
            let files: Vec<(&str, &File)> = files.filter(|(path, _)| is_rust(path)).collect();
            let sources: Vec<(&str, &[u8])> = files.iter().map(|(path, file)| (*path, &file.bytes[..])).collect();
            // A crate is the same in most combinations.
            if !seen.insert(sources.clone()) {
                continue;
            }
            let home = scratch.path().join(format!("{}-{folder}", seen.len()));
            for (path, bytes) in sources {
                let target = home.join(path);
                fs::create_dir_all(target.parent().expect("a folder above")).expect("folders can be made");
                fs::write(&target, bytes).expect("files can be written");
                roots.extend(is_root(path).then_some(target));
            }
        }
    }
    assert!(roots.len() > 100, "{}", roots.len());
    let rustfmt = Command::new("rustfmt").args(["--check", "--edition", "2024"]).args(&roots).output();
    let output = rustfmt.expect("rustfmt runs; `rustup component add rustfmt` installs it");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}

/// Whether cargo begins to compile with this file of a crate; rustfmt follows the modules from there.
fn is_root(path: &str) -> bool {
    matches!(
        path.split('/').collect::<Vec<_>>()[..],
        ["build.rs"]
            | ["src", "lib.rs" | "main.rs"]
            | ["src", "bin", _]
            | ["tests" | "benches" | "examples", _]
            | ["tests", _, "main.rs"]
    )
}
