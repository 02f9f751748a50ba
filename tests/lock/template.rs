//! The lock file of a template, and the projects that are made from it.

use super::place::Place;

#[test]
fn a_new_project_has_the_lock_file_that_cargo_would_write() {
    let place = Place::locked();
    place.template("check").expect(0);
    for features in ["", "--with plain", "--with fast", "--with wide", "--with fast,wide", "--with plain,wide"] {
        place.make(features);
        let ours = place.lock();
        place.takes_the_lock();
        std::fs::remove_file(place.sandbox.path("work/my-app/Cargo.lock")).expect("it is there");
        place.cargo("generate-lockfile --offline");
        assert_eq!(ours, place.lock(), "{features}");
        std::fs::remove_dir_all(place.sandbox.path("work/my-app")).expect("it is there");
    }
}

#[test]
fn the_lock_file_of_a_template_is_written_and_proved() {
    let place = Place::new();
    let said = place.template("lock --check").expect(1);
    assert!(said.err.contains("write them with `neoforge template lock`"), "{}", said.err);
    let said = place.template("lock").expect(0);
    assert!(said.err.contains("wrote [HERE]/template/lock/Cargo.lock"), "{}", said.err);
    assert!(said.err.contains("takes the lock file of each of"), "{}", said.err);
    let facts = place.sandbox.read("template/lock/features.txt");
    assert!(
        facts.contains("\nalpha\n  may need beta\n  may need gamma\n  feature extra: dep:beta gamma?/std\n"),
        "{facts}"
    );
    assert!(!place.sandbox.read("template/lock/Cargo.lock").contains("\"mine\""));
    place.template("lock --check").expect(0);
    let again = place.template("lock").expect(0);
    assert!(!again.err.contains("wrote"), "{}", again.err);
    let newest = place.template("lock --update").expect(0);
    assert!(!newest.err.contains("wrote"), "{}", newest.err);
}

#[test]
fn a_template_that_asks_for_more_says_what_to_do() {
    let place = Place::locked();
    let manifest = place.sandbox.read("template/template.toml");
    for (asks, told) in [
        (manifest.replace("\"idle\"", "\"idle\", \"extra\""), None),
        (
            manifest.replace("epsilon = \"0.4\"", "epsilon = \"0.4.9\""),
            Some("crates/wide/Cargo.toml: `epsilon` ^0.4.9 is not in lock/Cargo.lock; run `neoforge template lock`"),
        ),
        (
            manifest.replace("\"idle\"", "\"gamma\""),
            Some(
                "crates/app/Cargo.toml: the feature `gamma` of `alpha` is not known to lock/features.txt; run `neoforge template lock`",
            ),
        ),
    ] {
        place.sandbox.write("template/template.toml", asks);
        match told {
            None => _ = place.template("check").expect(0),
            Some(told) => {
                let said = place.template("check").expect(1);
                assert!(said.out.contains(told), "{}", said.out);
                place.template("lock --check").expect(1);
            }
        }
    }
    place.template("lock").expect(0);
    place.template("check").expect(0);
}

#[test]
fn a_broken_lock_file_can_be_written_anew() {
    let place = Place::locked();
    let lock = place.sandbox.read("template/lock/Cargo.lock");
    for (path, text, told) in [
        ("template/lock/Cargo.lock", "<<<<<<< ours\n", "line 1 names a format"),
        ("template/lock/features.txt", "nonsense\n", "line 1 names a package that is not in the lock file"),
        ("template/lock/more.txt", "", "`lock/` holds Cargo.lock and features.txt"),
    ] {
        place.sandbox.write(path, text);
        let said = place.template("check").expect(1);
        assert!(said.out.contains(told), "{}", said.out);
        place.template("lock").expect(0);
    }
    std::fs::remove_file(place.sandbox.path("template/lock/more.txt")).expect("it is there");
    place.template("check").expect(0);
    assert_eq!(place.sandbox.read("template/lock/Cargo.lock"), lock);
}
