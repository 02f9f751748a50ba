//! The contract of a module carries every feature: what all projects share is closed.

use super::TEMPLATE;

/// No feature adds lines to the kernel, to the program or to the data of a page. A member of a group, such as a database, is a part
/// of the kernel that has several shapes.
#[test]
fn what_all_projects_share_is_closed() {
    const CLOSED: [&str; 3] = ["platform/kernel/", "app/src/main.rs", "platform/ui/src/page.rs"];
    let template = &*TEMPLATE;
    let mut inserts = 0;
    for feature in template.all().filter(|feature| feature.group().is_none()) {
        for part in std::iter::once(feature).chain(feature.glue.values()) {
            for insert in &part.manifest.insert {
                inserts += 1;
                let into = insert.into.get_ref();
                let is_open = !CLOSED.iter().any(|closed| into.starts_with(closed));
                assert!(is_open, "{}: inserts into {into}; add what is missing to the contract", part.manifest_path);
            }
        }
    }
    assert!(inserts > 50, "the inserts are not found");
}
