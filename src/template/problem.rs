//! What can be wrong with a template, and where.

use std::fmt;

use crate::lock::{LockError, SupersetError};
use crate::tree::PathError;

/// Something that is wrong with a template, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub kind: ProblemKind,
}

impl Problem {
    /// A problem of a whole file.
    pub fn of_file(file: impl Into<String>, kind: ProblemKind) -> Self {
        Self { place: Place { file: file.into(), line: None, column: None }, kind }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

impl std::error::Error for Problem {}

/// A place in a template's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path of the file, relative to the template.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
}

impl Place {
    /// The place of byte `offset` in `text`, the content of `file`.
    pub fn at(file: impl Into<String>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { file: file.into(), line: Some(line), column: Some(column) }
    }
}

impl Place {
    /// The first line of a manifest that has this key or table; the whole file where none does.
    pub fn of_key(file: impl Into<String>, text: &str, key: &str) -> Self {
        let has = |line: &str| {
            let rest = line.trim_start_matches('[').strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
        };
        let line = text.lines().position(has).map(|index| index + 1);
        Self { file: file.into(), line, column: line.map(|_| 1) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        Ok(())
    }
}

/// All that is wrong with a template, in the order of the places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` where there is no problem.
    ///
    /// # Errors
    /// All the problems, sorted by place.
    pub fn none_or(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        Err(Self(problems))
    }

    /// The problems in the order of their places; never empty.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ProblemKind {
    // The shape of the folder.
    #[error("this folder is not a template: it has no template.toml; name the folder that holds one")]
    NotATemplate,
    #[error("the file is missing; {role} needs one")]
    MissingManifest { role: &'static str },
    #[error("the file is not UTF-8 text; save it as UTF-8")]
    NotText,
    #[error("{reason}")]
    Unreadable { reason: String },
    #[error(
        "format {found} is not known to this version of NeoForge, which reads format {known}; install a newer NeoForge"
    )]
    UnknownFormat { found: u32, known: u32 },
    #[error("{message}")]
    Toml { message: String },
    #[error("nothing is read from here; {expected}")]
    UnexpectedFile { expected: &'static str },
    #[error("{name:?} is not a valid name; use lower-case letters, digits and single hyphens, beginning with a letter")]
    BadName { name: String },

    // Paths of the output.
    #[error("{0}")]
    BadPath(PathError),
    #[error("{path:?} is written by {writer} itself; choose another path")]
    ReservedPath { path: String, writer: &'static str },
    #[error(
        "{path:?} has {length} characters, and with more than {most} a project may be too deep for Windows; shorten it"
    )]
    LongPath { path: String, length: usize, most: usize },
    #[error("{path:?} is also written by {other}; move one of them, or use a slot")]
    PathClash { path: String, other: String },
    #[error(
        "{path:?} differs from {other:?} by case alone, which some file systems take for one file; rename one of them"
    )]
    CaseCollision { path: String, other: String },
    #[error("{path:?} is a file, but {other:?} needs a folder of that name; rename one of them")]
    FileIsFolder { path: String, other: String },

    // Slots and inserts.
    #[error("this slot marker is not complete; write `@slot name` or `@slot name sort`, and nothing else in the line")]
    BadMarker,
    #[error("the slot `{slot}` stands in this file twice; give each slot its own name")]
    DoubledSlot { slot: String },
    #[error(
        "the slot `{slot}` is inside a liquid block that was left out or repeated; move the marker out of the block"
    )]
    UnstableSlot { slot: String },
    #[error("there is no file {file:?} to insert into{}", hint(.similar.as_ref()))]
    UnknownTarget { file: String, similar: Option<String> },
    #[error(
        "{file:?} belongs to the feature `{owner}`, which this one does not require; add `{owner}` to `requires`, or move the insert to `with/{owner}/`"
    )]
    ForeignTarget { file: String, owner: String },
    #[error("{file:?} has no slot `{slot}`{}", hint(.similar.as_ref()))]
    UnknownSlot { file: String, slot: String, similar: Option<String> },
    #[error("the text is empty; remove the insert, or give it a line")]
    EmptyInsert,
    #[error("the text holds a slot marker; a slot belongs into a file")]
    MarkerInInsert,

    // Features.
    #[error("there is no feature `{name}`{}", hint(.similar.as_ref()))]
    UnknownFeature { name: String, similar: Option<String> },
    #[error("a feature needs `{key}`, which people read in lists and prompts")]
    MissingText { key: &'static str },
    #[error("`{key}` has no meaning here; {instead}")]
    Misplaced { key: &'static str, instead: &'static str },
    #[error("the features require each other in a circle: {}; remove one of the requirements", .circle.join(" -> "))]
    Cycle { circle: Vec<String> },
    #[error("`{name}` is required and refused at the same time; remove it from `requires` or `conflicts`")]
    ImpossibleFeature { name: String },
    #[error("the glue of `{one}` and `{other}` stands at both; keep one of the folders")]
    DoubledGlue { one: String, other: String },
    #[error("`{name}` is not in the catalogue; add it to [dependencies.crates] in template.toml{}", hint(.similar.as_ref()))]
    UnknownDependency { name: String, similar: Option<String> },
    #[error("no feature names the dependency `{name}`; remove it from the catalogue")]
    UnusedDependency { name: String },
    #[error("a dependency is a version or a table with its version and features")]
    BadDependency,
    #[error("the template has no [dependencies]; add the catalogue to template.toml")]
    NoCatalogue,

    // The lock file.
    #[error("the file is missing or no text; `neoforge template lock` writes Cargo.lock and features.txt")]
    HalfALock,
    #[error("{0}")]
    BadLock(SupersetError),
    #[error("{0}")]
    Lock(LockError),

    // Groups and presets.
    #[error("there is no group `{name}`{}", hint(.similar.as_ref()))]
    UnknownGroup { name: String, similar: Option<String> },
    #[error("no feature says `group = \"{name}\"`; add a member, or remove the group")]
    EmptyGroup { name: String },
    #[error("`{feature}` is not a member of the group `{group}`; its members are {}", .members.join(", "))]
    NotAMember { feature: String, group: String, members: Vec<String> },
    #[error("`{one}` and `{other}` are members of the group `{group}`, of which only one can be chosen")]
    TwoMembers { group: String, one: String, other: String },
    #[error("the members of the group `{group}` must define the same variables; `{feature}` lacks {}", .missing.join(", "))]
    UnequalVariables { group: String, feature: String, missing: Vec<String> },
    #[error("the name `{name}` is taken already; choose another")]
    DoubledName { name: String },
    #[error("`{one}` and `{other}` are both in it, and cannot be chosen together; leave one of them out")]
    ImpossiblePreset { one: String, other: String },
    #[error("no preset has `default = true`; mark the one that --yes takes")]
    NoDefaultPreset,
    #[error("two presets have `default = true`: `{one}` and `{other}`; keep one")]
    TwoDefaultPresets { one: String, other: String },
    #[error("the preset has `all = true` and `features`; keep one of them")]
    AllAndSome,
    #[error("`except` is for a preset with `all = true`; this one lists its features")]
    ExceptOfSome,
    #[error("the preset has {lines} lines in its .{end} files; shorten them, or raise the limit")]
    TooManyLines { end: String, lines: usize },

    #[error("`{one}` and `{other}` are never chosen together, so this is never rendered; remove it")]
    DeadGlue { one: String, other: String },

    // Migrations.
    #[error("one part of the folder is `*`, which stands for the module, as in \"crates/*/migrations\"")]
    BadMigrationsFolder,
    #[error("the name holds one `*`, which stands for the module, as in \"_migrations_*\"")]
    BadHistoryTable,
    #[error(
        "the module `{module}` also has migrations in {other}; a module comes and goes with all of them, so keep them in one feature"
    )]
    SplitMigrations { module: String, other: String },

    // Questions and variables.
    #[error("`{key}` is not a variable's name; use snake_case: lower-case letters, digits and single underscores")]
    BadKey { key: String },
    #[error("the variable `{key}` is defined already, by {by}; choose another name")]
    DoubledVariable { key: String, by: String },
    #[error("the pattern is not a regular expression: {reason}")]
    BadPattern { reason: String },
    #[error("a pattern needs a `message` that says in words what it asks for")]
    PatternWithoutMessage,
    #[error("`{key}` has no meaning for a question of the kind `{kind}`; remove it")]
    UselessConstraint { key: &'static str, kind: &'static str },
    #[error("a question of the kind `{kind}` needs `choices`, at least two of them")]
    NoChoices { kind: &'static str },
    #[error("the default is not an answer to the question: {reason}")]
    BadDefault { reason: String },
    #[error("`min` is greater than `max`")]
    EmptyRange,

    // Liquid.
    #[error("{message}")]
    Liquid { message: String },
    #[error("nobody defines the variable `{name}`; the variables here are {}", .known.join(", "))]
    UnknownVariable { name: String, known: Vec<String> },
    #[error("the rendered path is not one: {0}")]
    BadRenderedPath(PathError),

    // Environment, probes, smoke.
    #[error("`{key}` is not the name of an environment variable; use upper-case letters, digits and underscores")]
    BadEnvKey { key: String },
    #[error("the environment variable `{key}` is listed by {by} already; list it once")]
    DoubledEnv { key: String, by: String },
    #[error("an environment variable has a `default` or is a `secret`; give it exactly one of the two")]
    DefaultOrSecret,
    #[error("the value holds a line break or a quote, which .env files cannot hold portably")]
    BadEnvValue,
    #[error("features list environment variables, but template.toml has no [env] that says where they go")]
    NoEnvTargets,
    #[error(
        "`.env` will hold this secret, and no .gitignore of the base has a line `.env`; add one, or the secret is committed"
    )]
    SecretNotIgnored,
    #[error("a probe has `get` or `post`; give it exactly one of the two")]
    GetOrPost,
    #[error("a probe's path begins with `/`")]
    BadProbePath,
    #[error("`body` goes with `post`")]
    BodyWithoutPost,
    #[error("{status} is not an HTTP status; it lies between 100 and 599")]
    BadStatus { status: u16 },
    #[error("`run` is empty; name the program and its arguments")]
    EmptyRun,
    #[error("two steps are called {name:?}; give each its own name")]
    DoubledStep { name: String },
    #[error("{version:?} is not a semantic version, such as 0.1.0")]
    BadVersion { version: String },
}

fn hint(similar: Option<&String>) -> String {
    similar.map_or_else(String::new, |similar| format!("; did you mean `{similar}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a\nüb\n";
        assert_eq!(Place::at("f", text, 0).to_string(), "f:1:1");
        assert_eq!(Place::at("f", text, 4).to_string(), "f:2:2");
        assert_eq!(Place::at("f", text, 99).to_string(), "f:3:1");
    }

    #[test]
    fn problems_are_sorted_and_told_once() {
        let problem = |file: &str| Problem::of_file(file, ProblemKind::NotText);
        let problems = Problems::none_or(vec![problem("b"), problem("a"), problem("b")]).expect_err("three problems");
        let files: Vec<_> = problems.as_slice().iter().map(|problem| problem.place.file.as_str()).collect();
        assert_eq!(files, ["a", "b"]);
    }
}
