//! Versions that both sides have raised: the newest wins, as whoever resolves such a conflict decides.

use std::collections::HashMap;

use super::file::Format;
use super::toml;

/// Both sides with the newest of each version that both have raised; nothing where there is none.
pub(super) fn settle(format: Format, base: &str, ours: &str, theirs: &str) -> Option<[String; 2]> {
    match format {
        Format::Toml => toml::settle_versions(base, ours, theirs),
        Format::Yaml | Format::Dockerfile => settle_lines(base, ours, theirs),
        _ => None,
    }
}

/// The newer of two versions such as `1.2` or `1.2.3`, when both are newer than the one that they come from.
pub(super) fn newer<'a>(base: &str, ours: &'a str, theirs: &'a str) -> Option<&'a str> {
    let (base, our, their) = (numbers(base)?, numbers(ours)?, numbers(theirs)?);
    (our > base && their > base).then_some(if their > our { theirs } else { ours })
}

/// Settles lines that differ by versions alone: of an image, as in `FROM rust:1.95-slim`, or of an action, as in
/// `uses: actions/checkout@HASH # v6.1.0`.
fn settle_lines(base: &str, ours: &str, theirs: &str) -> Option<[String; 2]> {
    let [before, our, their] = [base, ours, theirs].map(versioned);
    let mut newest: HashMap<&str, &str> = HashMap::new();
    for (rest, before) in &before {
        let (Some(before), Some(Some(our)), Some(Some(their))) = (before, our.get(rest), their.get(rest)) else {
            continue;
        };
        if our.version == their.version {
            continue;
        }
        if let Some(version) = newer(before.version, our.version, their.version) {
            let (older, newer) = if version == our.version { (their, our) } else { (our, their) };
            newest.insert(older.whole, newer.whole);
        }
    }
    let settled =
        |text: &str| text.split_inclusive('\n').map(|line| newest.get(line).copied().unwrap_or(line)).collect();
    (!newest.is_empty()).then(|| [ours, theirs].map(settled))
}

/// The lines with a version by what stands around it; nothing where they have several versions.
fn versioned(text: &str) -> HashMap<[String; 2], Option<Line<'_>>> {
    let mut lines = HashMap::new();
    for line in text.split_inclusive('\n').filter_map(Line::of) {
        let known = lines.entry(line.rest.clone()).or_insert_with(|| Some(line.clone()));
        if known.as_ref().is_some_and(|known| known.whole != line.whole) {
            *known = None;
        }
    }
    lines
}

/// A line with one version in it.
#[derive(Clone)]
struct Line<'a> {
    whole: &'a str,
    version: &'a str,
    /// What stands around the version, without the hash of a commit, which changes along with it.
    rest: [String; 2],
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let text = line.trim_start().trim_start_matches("- ");
        if !["FROM ", "image:", "uses:"].iter().any(|beginning| text.starts_with(beginning)) {
            return None;
        }
        let mut starts = line.match_indices([':', '@', 'v']).map(|(at, _)| at + 1);
        let (start, version) = starts.find_map(|start| {
            let length = line[start..].find(|letter: char| !letter.is_ascii_digit() && letter != '.');
            let version = &line[start..length.map_or(line.len(), |length| start + length)];
            numbers(version).map(|_| (start, version))
        })?;
        let rest = [&line[..start], &line[start + version.len()..]];
        Some(Self { whole: line, version, rest: rest.map(without_hash) })
    }
}

fn without_hash(text: &str) -> String {
    let is_hash = |word: &str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !is_hash(word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric()))).collect()
}

/// The parts of `1.2` or `1.2.3`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let parts: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (2..=3).contains(&parts.len()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_wins_when_both_are_newer() {
        assert_eq!(newer("1.0", "1.0.98", "1.0.90"), Some("1.0.98"));
        assert_eq!(newer("1.9", "1.10", "2.0"), Some("2.0"));
        assert_eq!(newer("1.2", "1.1", "1.3"), None);
        assert_eq!(newer("1.2", "=1.3", "1.4"), None);
        assert_eq!(newer("1", "2", "3"), None);
    }

    #[test]
    fn lines_may_differ_by_versions_alone() {
        let settled = |base: &str, ours: &str, theirs: &str| settle_lines(base, ours, theirs).map(|[ours, _]| ours);
        let newest = Some("FROM rust:1.97-slim".to_owned());
        assert_eq!(settled("FROM rust:1.95-slim", "FROM rust:1.96-slim", "FROM rust:1.97-slim"), newest);
        assert_eq!(settled("FROM rust:1.95-slim", "FROM rust:1.96-alpine", "FROM rust:1.97-slim"), None);
        assert_eq!(settled("opacity:0.5", "opacity:0.7", "opacity:0.6"), None);
        assert_eq!(settled("bind: 10.0.0.1", "bind: 10.0.0.2", "bind: 10.0.0.3"), None);
    }

    #[test]
    fn the_hash_of_an_action_goes_with_its_version() {
        let line =
            |hash: char, version: &str| format!("- uses: actions/x@{} # v{version}\n", hash.to_string().repeat(40));
        let settled = settle_lines(&line('a', "6.1.0"), &line('b', "7.0.0"), &line('c', "6.9.2"));
        assert_eq!(settled, Some([line('b', "7.0.0"), line('b', "7.0.0")]));
        let twice = |hash, version: &str| line(hash, version).repeat(2);
        let settled = settle_lines(&twice('a', "6.1.0"), &twice('b', "7.0.0"), &line('c', "7.9.2"));
        assert_eq!(settled, Some([twice('c', "7.9.2"), line('c', "7.9.2")]));
        let two = [line('b', "7.0.0"), line('d', "7.1.0")].concat();
        assert_eq!(settle_lines(&twice('a', "6.1.0"), &two, &line('c', "6.9.2")), None);
    }
}
