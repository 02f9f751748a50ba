//! Versions that both sides have raised: the newest wins, as whoever resolves such a conflict decides.

/// The newer of two versions such as `1.2` or `1.2.3`, when both are newer than the one that they come from.
pub(super) fn newer<'a>(base: &str, ours: &'a str, theirs: &'a str) -> Option<&'a str> {
    let (base, our, their) = (numbers(base)?, numbers(ours)?, numbers(theirs)?);
    (our > base && their > base).then_some(if their > our { theirs } else { ours })
}

/// The newer lines, where lines differ by versions alone: of an image, as in `FROM rust:1.95-slim`, or of an action, as in
/// `uses: actions/checkout@HASH # v6.1.0`.
pub(super) fn newer_lines<'a>(base: &[&str], ours: &[&'a str], theirs: &[&'a str]) -> Option<Vec<&'a str>> {
    if base.len() != ours.len() || base.len() != theirs.len() {
        return None;
    }
    let lines = base.iter().zip(ours).zip(theirs).map(|((base, our), their)| newer_line(base, our, their));
    lines.collect()
}

fn newer_line<'a>(base: &str, ours: &'a str, theirs: &'a str) -> Option<&'a str> {
    let [before, our, their] = [base, ours, theirs].map(Line::of);
    let [before, our, their] = [before?, our?, their?];
    if before.rest != our.rest || before.rest != their.rest {
        return None;
    }
    let is_newer = newer(before.version, our.version, their.version)? == our.version;
    Some(if is_newer { ours } else { theirs })
}

/// A line with one version in it.
struct Line<'a> {
    version: &'a str,
    /// What stands around the version, without the hash of a commit, which changes along with it.
    rest: [String; 2],
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut starts = line.match_indices([':', '@', 'v']).map(|(at, _)| at + 1);
        let (start, version) = starts.find_map(|start| {
            let length = line[start..].find(|letter: char| !letter.is_ascii_digit() && letter != '.');
            let version = &line[start..length.map_or(line.len(), |length| start + length)];
            numbers(version).map(|_| (start, version))
        })?;
        let rest = [&line[..start], &line[start + version.len()..]];
        Some(Self { version, rest: rest.map(without_hash) })
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
        let newer = |base, ours, theirs| newer_lines(&[base], &[ours], &[theirs]);
        assert_eq!(
            newer("FROM rust:1.95-slim", "FROM rust:1.96-slim", "FROM rust:1.97-slim"),
            Some(vec!["FROM rust:1.97-slim"])
        );
        assert_eq!(newer("FROM rust:1.95-slim", "FROM rust:1.96-alpine", "FROM rust:1.97-slim"), None);
        assert_eq!(newer("radius: 0.5rem", "radius: 0.75rem", "radius: 1.25rem"), None);
        assert_eq!(newer("bind: 10.0.0.1", "bind: 10.0.0.2", "bind: 10.0.0.3"), None);
        assert_eq!(newer("x:10.0.0.1", "x:10.0.0.2", "x:10.0.0.3"), None);
    }
}
