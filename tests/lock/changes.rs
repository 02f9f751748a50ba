//! The lock file of a project through changes, beside dependencies of a person's own.

use super::place::Place;

#[test]
fn features_come_and_go_with_what_they_need() {
    let place = Place::locked();
    place.make("");
    let before = place.lock();
    place.change("add feature fast wide --commit").expect(0);
    assert!(place.lock().contains("\"delta 2.3.0\""), "{}", place.lock());
    place.takes_the_lock();
    place.change("remove feature fast wide --commit").expect(0);
    assert_eq!(place.lock(), before);
}

#[test]
fn a_crate_that_the_template_does_not_know_stays() {
    let place = Place::locked();
    place.make("--with fast");
    // Away from the line of `fast`, which a person would have to look at.
    let own = "[dev-dependencies]\nmine = \"1\"\n\n[dependencies]\n";
    place.edit("crates/app/Cargo.toml", "[dependencies]\n", own);
    place.build_and_commit();
    let before = place.lock();

    let planned = place.change("add feature wide --dry-run --json").expect(0).json();
    let done = place.change("add feature wide --commit --json").expect(0).json();
    assert_eq!(planned["files"], done["files"]);
    assert!(place.lock().contains("name = \"mine\"") && place.lock().contains("name = \"wide\""));
    place.takes_the_lock();
    place.change("remove feature wide --commit").expect(0);
    assert_eq!(place.lock(), before);

    // `mine` asks gamma for the feature that only `fast` asked for before: no merge can know that, but cargo does.
    let said = place.change("remove feature fast --commit").expect(0);
    assert!(!said.err.contains("Cargo.lock"), "{}", said.err);
    assert!(place.lock().contains("name = \"delta\"") && !place.lock().contains("name = \"beta\""), "{}", place.lock());
    place.takes_the_lock();
}

#[test]
fn more_features_and_another_major_version_stay() {
    let place = Place::locked();
    place.make("--with plain");
    place.edit(
        "crates/app/Cargo.toml",
        "alpha.workspace = true\n",
        "alpha = { workspace = true, features = [\"gamma\"] }\ndelta = \"2\"\nold-delta = { package = \"delta\", version = \"1\" }\n",
    );
    place.build_and_commit();
    place.change("add feature wide --commit").expect(0);
    place.takes_the_lock();
    place.change("remove feature wide --commit").expect(0);
    place.takes_the_lock();
}

#[test]
fn own_crates_and_own_versions_need_no_cargo() {
    let place = Place::locked();
    place.make("");
    place.edit("Cargo.toml", "version = \"0.1.0\"", "version = \"0.7.0\"");
    place.sandbox.write(
        "work/my-app/crates/shop/Cargo.toml",
        "[package]\nname = \"shop\"\nversion.workspace = true\nedition = \"2024\"\n\n[dependencies]\nalpha.workspace = true\n\
         app = { path = \"../app\" }\n",
    );
    place.sandbox.write("work/my-app/crates/shop/src/lib.rs", "//! A shop.\n");
    place.build_and_commit();
    let mut command = place.sandbox.neoforge(["add", "feature", "wide", "--yes", "--project", "my-app"]);
    let said = place.sandbox.finish(command.env("PATH", place.git_alone())).expect(0);
    assert!(!said.err.contains("Cargo.lock"), "{}", said.err);
    assert_eq!(place.lock().matches("version = \"0.7.0\"").count(), 3, "{}", place.lock());
    place.takes_the_lock();
}

/// Another branch than the one with a dependency of the person's adds a feature, and git merges both.
#[test]
fn branches_merge_in_git_beside_own_dependencies() {
    let place = Place::locked();
    place.make("");
    place.sandbox.write("work/my-app/.gitattributes", "Cargo.lock merge=neoforge\n*.toml merge=union\n");
    place.commit();
    place.sandbox.git("work/my-app", &["checkout", "--quiet", "-b", "feature"]);
    place.change("add feature wide --commit").expect(0);
    place.sandbox.git("work/my-app", &["checkout", "--quiet", "main"]);
    place.edit("crates/app/Cargo.toml", "[dependencies]\n", "[dependencies]\nmine = \"1\"\n");
    place.build_and_commit();
    for command in ["merge --no-edit feature", "rebase feature"] {
        place.sandbox.git("work/my-app", &["checkout", "--quiet", "-B", "both", "main"]);
        place.sandbox.git("work/my-app", &command.split(' ').collect::<Vec<_>>());
        assert!(place.lock().contains("name = \"mine\"") && place.lock().contains("name = \"wide\""));
        place.takes_the_lock();
    }
}

#[test]
fn without_cargo_the_lock_file_is_merged_and_a_note_says_so() {
    let place = Place::locked();
    place.make("");
    place.edit("crates/app/Cargo.toml", "[dependencies]\n", "[dependencies]\nmine = \"1\"\n");
    place.build_and_commit();
    let mut command = place.sandbox.neoforge(["add", "feature", "wide", "--yes", "--project", "my-app"]);
    let said = place.sandbox.finish(command.env("PATH", place.git_alone())).expect(0);
    assert!(said.err.contains("run `cargo build`, and commit what it changes in Cargo.lock"), "{}", said.err);
    // Nothing of this change was beyond the merge.
    place.takes_the_lock();
}

#[test]
fn a_deleted_lock_file_stays_deleted() {
    let place = Place::locked();
    place.make("");
    std::fs::remove_file(place.sandbox.path("work/my-app/Cargo.lock")).expect("it is there");
    place.commit();
    let said = place.change("add feature wide --commit").expect(0);
    assert!(said.err.contains("you have deleted Cargo.lock: it stays deleted"), "{}", said.err);
}

/// A package of the person's in the place of one from the registry.
fn fork(place: &Place, folder: &str, version: &str) {
    let manifest = format!("[package]\nname = \"delta\"\nversion = \"{version}\"\nedition = \"2021\"\n");
    place.sandbox.write(&format!("{folder}/Cargo.toml"), manifest);
    place.sandbox.write(&format!("{folder}/src/lib.rs"), "");
}

#[test]
fn a_patched_package_stays_patched() {
    for (folder, path) in [("work/my-app/forks/delta", "forks/delta"), ("work/delta", "../delta")] {
        let place = Place::locked();
        place.make("");
        fork(&place, folder, "2.9.0");
        let manifest = place.sandbox.read("work/my-app/Cargo.toml");
        place.sandbox.write(
            "work/my-app/Cargo.toml",
            format!("{manifest}\n[patch.crates-io]\ndelta = {{ path = \"{path}\" }}\n"),
        );
        place.build_and_commit();
        let before = place.lock();
        let said = place.change("add feature wide --commit").expect(0);
        assert!(!said.err.contains("Cargo.lock"), "{}", said.err);
        assert!(place.lock().contains("version = \"2.9.0\"") && !place.lock().contains("2.3.0"), "{}", place.lock());
        place.takes_the_lock();
        place.change("remove feature wide --commit").expect(0);
        assert_eq!(place.lock(), before);
    }
}

#[test]
fn a_patch_in_the_settings_of_cargo_counts() {
    let place = Place::locked();
    place.make("");
    fork(&place, "work/my-app/forks/delta", "2.9.0");
    place.sandbox.write("work/my-app/.cargo/config.toml", "[patch.crates-io]\ndelta = { path = \"forks/delta\" }\n");
    place.build_and_commit();
    place.change("add feature wide --commit").expect(0);
    assert!(place.lock().contains("version = \"2.9.0\"") && !place.lock().contains("2.3.0"), "{}", place.lock());
    place.takes_the_lock();
}

#[test]
fn a_source_of_the_project_has_other_versions() {
    let place = Place::locked();
    place.make("");
    for crate_ in ["alpha-1.2.0", "beta-1.0.0", "gamma-1.0.0", "delta-1.0.0", "epsilon-0.4.1", "omega-1.0.0"] {
        for file in ["Cargo.toml", "src/lib.rs", ".cargo-checksum.json"] {
            let text = place.sandbox.read(&format!("crates/{crate_}/{file}"));
            place.sandbox.write(&format!("work/my-app/vendor/{crate_}/{file}"), text);
        }
    }
    fork(&place, "work/my-app/vendor/delta-2.4.0", "2.4.0");
    let checksum = place.sandbox.read("crates/delta-1.0.0/.cargo-checksum.json");
    place.sandbox.write("work/my-app/vendor/delta-2.4.0/.cargo-checksum.json", checksum);
    place.sandbox.write(
        "work/my-app/.cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n",
    );
    place.build_and_commit();
    let said = place.change("add feature wide --commit").expect(0);
    assert!(!said.err.contains("Cargo.lock"), "{}", said.err);
    assert!(place.lock().contains("version = \"2.4.0\"") && !place.lock().contains("2.3.0"), "{}", place.lock());
    place.takes_the_lock();
}
