//! Every released template still renders to what it rendered to when it was released.

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use neoforge::{archive, embedded, release, template};
use support::Sandbox;

/// What the packed template renders to now, beside what it rendered to then.
fn now_and_then(folder: &Path, version: &str) -> (String, String) {
    let read = |suffix: &str| fs::read(folder.join(format!("{version}.{suffix}"))).expect("a part of the release");
    let tree = archive::unpack(&read("tree")).expect("an archive");
    let template = template::load(&tree).unwrap_or_else(|problems| panic!("{version}: {problems}"));
    assert_eq!(template.manifest.version.get_ref(), version);
    let hashes = release::hashes(&template).expect("all presets render");
    (release::write(&hashes), String::from_utf8(read("hashes")).expect("a text"))
}

fn versions(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).expect("the folder of the releases").map(|entry| entry.expect("an entry").file_name());
    let versions = names.filter_map(|name| name.to_str()?.strip_suffix(".tree").map(ToOwned::to_owned));
    versions.collect()
}

#[test]
fn every_released_template_renders_as_it_did() {
    let releases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/releases");
    for version in versions(&releases) {
        let (now, then) = now_and_then(&releases, &version);
        assert_eq!(now, then, "version {version} has changed");
    }
}

#[test]
fn a_version_that_is_released_does_not_change_any_more() {
    if let Some(released) = embedded::released(embedded::TEMPLATE_VERSION) {
        assert!(released == embedded::template(), "template/ has changed since its release; give it a new version");
    }
}

#[test]
fn a_release_is_one_command() {
    let sandbox = Sandbox::new();
    let said = sandbox.run("template freeze --into .").expect(0);
    assert!(said.err.contains("is packed in"), "{}", said.err);
    let folder = sandbox.work();
    let [version] = &versions(&folder)[..] else { panic!("one release: {:?}", sandbox.names("work")) };
    let (now, then) = now_and_then(&folder, version);
    assert_eq!(now, then);
    assert!(then.contains("  saas database=sqlite\n") && then.contains("  full database=postgres\n"), "{then}");

    let said = sandbox.run("template freeze --into .").expect(1);
    assert!(said.err.contains("is released\nhint: give the template a new version"), "{}", said.err);
}
