//! No link leads nowhere.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{PROJECTS, Project, ends};

static FENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?ms)^ *```.*?^ *```").expect("a pattern"));
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern"));
static HEADING: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?m)^#+ +(.+)$").expect("a pattern"));

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let (mut wrong, mut followed) = (BTreeSet::new(), 0);
    for project in &*PROJECTS {
        for (page, text) in project.texts().filter(|(path, _)| ends(path, "md")) {
            let prose = FENCE.replace_all(text, "");
            for link in LINK.captures_iter(&prose).map(|found| found.get(1).expect("a group").as_str()) {
                if link.contains("://") || link.starts_with("mailto:") {
                    continue;
                }
                followed += 1;
                wrong.extend(lost(project, page, link).map(|why| format!("{}: {page}: {link} {why}", project.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(followed > 1000, "{followed}");
}

/// Why a link leads nowhere.
fn lost(project: &Project, page: &str, link: &str) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let Some(target) = resolved(page, path) else { return Some("leaves the project") };
    let is_folder = |path: &str| project.texts().any(|(file, _)| file.starts_with(&format!("{path}/")));
    match (project.tree.get(&target), anchor) {
        (None, None) if is_folder(target.trim_end_matches('/')) => None,
        (None, _) => Some("leads nowhere"),
        (Some(_), Some(anchor)) if !anchors(project.text(&target)).contains(anchor) => Some("has no such heading"),
        (Some(_), _) => None,
    }
}

/// The path of a link from the project's folder on.
fn resolved(page: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchors that a code host gives to the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = FENCE.replace_all(text, "");
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || "_- ".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    HEADING.captures_iter(&prose).map(|found| anchor(&found[1])).collect()
}
