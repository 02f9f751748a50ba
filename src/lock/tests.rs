//! Projects and supersets as cargo meets them, and what follows from them.

use super::{Facts, LockError, LockFile, Node, Package, Superset, reduce};
use crate::tree::FileTree;
use crate::tree::tests::tree;

/// A superset of packages such as `a@2.0.0: b c`, and its facts.
fn superset(packages: &[&str], facts: &str) -> Superset {
    let parts: Vec<(&str, &str)> = packages.iter().map(|line| line.split_once(": ").unwrap_or((line, ""))).collect();
    let split = |package: &str| {
        let (name, version) = package.split_once('@').unwrap_or((package, "1.0.0"));
        (name.to_owned(), version.parse().expect("a version"))
    };
    let names: Vec<_> = parts.iter().map(|(package, _)| split(package)).collect();
    let package = |(package, needs): &(&str, &str)| {
        let (name, version) = split(package);
        let find = |need: &str| names.iter().position(|other| *other == split(need)).expect("a known package");
        let (source, checksum) = (Some("registry+https://example.org/index".to_owned()), Some("aa".to_owned()));
        Package { name, version, source, checksum, dependencies: needs.split_whitespace().map(find).collect() }
    };
    let lock = LockFile::of(parts.iter().map(package).collect()).render();
    Superset::parse(&lock, facts).expect("a superset")
}

/// A project of one package with these tables.
fn project(tables: &str) -> FileTree {
    tree(&[("Cargo.toml", &format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\n{tables}"))])
}

/// The packages of the lock file that follows, each with what it needs: `app: a b`.
fn derived(superset: &Superset, project: &FileTree) -> Vec<String> {
    let text = superset.derive(project).expect("the superset has it all").expect("a lock file");
    let lock = LockFile::parse(&text).expect("a lock file");
    let labels: Vec<String> = lock.labels().iter().map(super::Label::text).collect();
    let line = |(label, package): (&String, &Package)| {
        let mut needs: Vec<&str> = package.dependencies.iter().map(|place| labels[*place].as_str()).collect();
        needs.sort_unstable();
        if needs.is_empty() { label.clone() } else { format!("{label}: {}", needs.join(", ")) }
    };
    labels.iter().zip(&lock.packages).map(line).collect()
}

#[test]
fn only_what_is_reached_is_locked() {
    let superset = superset(&["a: deep", "b", "deep"], "asked\n  a: default\n  b: default\n");
    assert_eq!(derived(&superset, &project("[dependencies]\na = \"1\"\n")), ["a: deep", "app: a", "deep"]);
    assert_eq!(derived(&superset, &project("[dev-dependencies]\nb = \"1\"\n")), ["app: b", "b"]);
    let for_windows = project("[target.'cfg(windows)'.build-dependencies]\nb = \"1\"\n");
    assert_eq!(derived(&superset, &for_windows), ["app: b", "b"]);
}

#[test]
fn features_turn_on_optional_dependencies_through_others() {
    let facts =
        "asked\n  a: all default\n\na\n  needs b\n  feature all: b/extra\n\nb\n  may need c\n  feature extra: dep:c\n";
    let superset = superset(&["a: b", "b: c", "c"], facts);
    assert_eq!(derived(&superset, &project("[dependencies]\na = \"1\"\n")), ["a: b", "app: a", "b"]);
    let all = project("[dependencies]\na = { version = \"1\", features = [\"all\"] }\n");
    assert_eq!(derived(&superset, &all), ["a: b", "app: a", "b: c", "c"]);
    // As cargo has it, who asks does not matter: a feature holds for the whole project.
    let by_another = tree(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
        ("one/Cargo.toml", "[package]\nname = \"one\"\n[dependencies]\na = \"1\"\n"),
        (
            "two/Cargo.toml",
            "[package]\nname = \"two\"\n[dependencies]\na = { version = \"1\", default-features = false, features = [\"all\"] }\n",
        ),
    ]);
    assert_eq!(derived(&superset, &by_another), ["a: b", "b: c", "c", "one: a", "two: a"]);
}

#[test]
fn default_features_can_be_left_out() {
    let facts = "asked\n  a: default\n\na\n  may need b\n  feature default: std\n  feature std: dep:b\n";
    let superset = superset(&["a: b", "b"], facts);
    assert_eq!(derived(&superset, &project("[dependencies]\na = \"1\"\n")), ["a: b", "app: a", "b"]);
    let without = project("[dependencies]\na = { version = \"1\", default-features = false }\n");
    assert_eq!(derived(&superset, &without), ["a", "app: a"]);
}

#[test]
fn a_weak_feature_leaves_its_dependency_in_the_lock_file() {
    let facts =
        "asked\n  a: std\n\na\n  may need b: extra\n  feature std: b?/std\n\nb\n  may need c\n  feature extra: dep:c\n";
    let superset = superset(&["a: b", "b: c", "c"], facts);
    let weak = project("[dependencies]\na = { version = \"1\", default-features = false, features = [\"std\"] }\n");
    assert_eq!(derived(&superset, &weak), ["a: b", "app: a", "b: c", "c"]);
}

#[test]
fn a_strong_feature_of_an_optional_dependency_turns_on_the_feature_of_that_name() {
    let facts = "asked\n  a: std\n\na\n  may need b\n  may need c\n  feature b: dep:b dep:c\n  feature std: b/std\n";
    let superset = superset(&["a: b c", "b", "c"], facts);
    let strong = project("[dependencies]\na = { version = \"1\", default-features = false, features = [\"std\"] }\n");
    assert_eq!(derived(&superset, &strong), ["a: b, c", "app: a", "b", "c"]);
}

#[test]
fn several_versions_of_a_package_are_told_apart() {
    let facts =
        "asked\n  a 1.0.0: default\n  a 2.5.0: default\n\nb\n  may need a 1.0.0 as old\n  feature old: dep:old\n";
    let superset =
        superset(&["a@1.0.0", "a@2.5.0", "b: a@1.0.0 a@2.5.0"], &facts.replace("\n\nb\n", "\n  b: default old\n\nb\n"));
    let both = project("[dependencies]\na = \"1\"\nnew-a = { version = \"2.1\", package = \"a\" }\n");
    assert_eq!(derived(&superset, &both), ["a 1.0.0", "a 2.5.0", "app: a 1.0.0, a 2.5.0"]);
    assert_eq!(derived(&superset, &project("[dependencies]\nb = \"1\"\n")), ["a", "app: b", "b: a"]);
    let old = project("[dependencies]\nb = { version = \"1\", features = [\"old\"] }\n");
    assert_eq!(derived(&superset, &old), ["a 1.0.0", "a 2.5.0", "app: b", "b: a 1.0.0, a 2.5.0"]);
}

#[test]
fn all_features_of_the_members_are_on() {
    let superset = superset(&["a: b", "b"], "asked\n  a: more\n\na\n  may need b\n  feature more: dep:b\n");
    let optional = project(
        "[features]\nbig = [\"a/more\"]\n[dependencies]\na = { version = \"1\", default-features = false, optional = true }\n",
    );
    assert_eq!(derived(&superset, &optional), ["a: b", "app: a", "b"]);
}

#[test]
fn what_the_superset_does_not_know_is_told_by_name() {
    let superset = superset(&["a@1.4.0"], "asked\n  a: default\n");
    let error = |tables: &str| superset.derive(&project(tables)).expect_err(tables);
    assert!(matches!(error("[dependencies]\nb = \"1\"\n"), LockError::Unknown { name, .. } if name == "b"));
    assert!(matches!(error("[dependencies]\na = \"1.5\"\n"), LockError::Unknown { name, .. } if name == "a"));
    let more = error("[dependencies]\na = { version = \"1\", features = [\"more\"] }\n");
    assert_eq!(
        more.to_string(),
        "Cargo.toml: the feature `more` of `a` is not known to lock/features.txt; run `neoforge template lock`"
    );
}

#[test]
fn facts_are_read_as_they_are_written() {
    let facts =
        "asked\n  a: more\n\na\n  may need b 1.0.0 as c: std\n  needs b 2.0.0: std\n  feature more: c?/std dep:c\n";
    let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"r\"\ndependencies = [\n \"b 1.0.0\",\n \
                \"b 2.0.0\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"r\"\n\n[[package]]\nname = \"b\"\n\
                version = \"2.0.0\"\nsource = \"r\"\n";
    let lock = LockFile::parse(lock).expect("a lock file");
    let read = Facts::parse(facts, &lock).expect("facts");
    assert!(read.render(&lock).ends_with(facts), "{}", read.render(&lock));
    for (wrong, message) in [
        ("  needs a\n", "line 1 is none of `needs`, `may need` and `feature`, below a package"),
        ("a\n  wants b\n", "line 2 is none of `needs`, `may need` and `feature`, below a package"),
        ("a\n  needs b\n", "line 2 names a package that is not in the lock file beside it"),
    ] {
        let error = Facts::parse(wrong, &lock).expect_err(wrong).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn what_makes_no_difference_is_left_out_of_the_facts() {
    let facts = "a\n  needs b: default std\n  may need c\n  may need d\n  feature default: std idle\n  feature idle\n  \
                 feature std: b/std dep:c\n  feature unasked: dep:d\n\nb\n  feature default: std\n  feature std\n";
    let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b\",\n \"c\",\n \"d\",\n]\n\n\
                [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n\n[[package]]\n\
                name = \"d\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"superset\"\nversion = \"0.0.0\"\ndependencies = [\n \"a\",\n]\n";
    let lock = LockFile::parse(lock).expect("a lock file");
    let all = Facts::parse(&format!("{facts}\nsuperset\n  needs a: default\n"), &lock).expect("facts");
    let reduced = Facts { nodes: reduce(&all.nodes), ..all };
    let expected = "a\n  may need c\n  feature default: std\n  feature std: dep:c\n\nsuperset\n  needs a: default\n";
    let text = reduced.render(&lock);
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(reduced.nodes[1], Node::default());
}
