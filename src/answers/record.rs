//! The record: `neoforge.toml` in a generated project, which says what the project was made from.
//!
//! It is small, sorted, and has one entry a line, so that two branches that each add a feature merge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use super::{Answers, Value};

/// The path of the record in a generated project.
pub const PATH: &str = "neoforge.toml";

/// The version of the record's format that this program writes.
pub const FORMAT: u32 = 1;

/// The source of the template that comes with the program.
pub const BUILT_IN: &str = "built-in";

/// What a project was made from: the template, pinned, and the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The template.
    pub template: TemplateId,
    /// The answers.
    pub answers: Answers,
}

/// Which template it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateId {
    /// [`BUILT_IN`], the path of a folder, or a git repository as `--template` takes it, with the branch that updates follow.
    pub source: String,
    /// The template's version.
    pub version: String,
    /// The full hash of the commit, for a template from git.
    pub commit: Option<String>,
    /// A hash of all files, for a folder that git has no commit of.
    pub content: Option<String>,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordError {
    #[error("line {line}: {message}")]
    Toml { line: usize, message: String },
    #[error("format {0} is newer than this program; install a newer NeoForge")]
    Newer(u32),
    #[error("it has no [template], so it does not say what the project was made from; restore it from git")]
    NoTemplate,
    #[error("it has no name; add `name = \"…\"` to [answers]")]
    NoName,
}

/// A file of answers: a record, or any part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswersFile {
    format: Option<u32>,
    /// The template, in a record.
    pub template: Option<TemplateId>,
    /// The chosen features, where the file lists them.
    pub features: Option<BTreeSet<String>>,
    /// The answers by key; `name` among them.
    #[serde(default)]
    pub answers: BTreeMap<String, Value>,
}

impl AnswersFile {
    /// Reads a record or a part of one.
    ///
    /// # Errors
    /// Where it is not TOML, has an unknown key, or is newer than this program.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let format = text.parse::<toml::Table>().ok().and_then(|table| table.get("format")?.as_integer());
        if let Some(format) = format.and_then(|format| u32::try_from(format).ok()).filter(|format| *format > FORMAT) {
            return Err(RecordError::Newer(format));
        }
        toml::from_str(text).map_err(|error| RecordError::Toml {
            line: error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1),
            message: error.message().to_owned(),
        })
    }
}

impl Record {
    /// Reads the record of a project.
    ///
    /// # Errors
    /// As [`AnswersFile::parse`], and where a part is missing.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let file = AnswersFile::parse(text)?;
        let template = file.template.ok_or(RecordError::NoTemplate)?;
        let mut values = file.answers;
        let Some(Value::Text(name)) = values.remove("name") else { return Err(RecordError::NoName) };
        Ok(Self { template, answers: Answers { name, features: file.features.unwrap_or_default(), values } })
    }
}

impl Record {
    /// The record with the changes of both branches; nothing where they contradict each other. Whether their features go
    /// together, only the template knows.
    #[must_use]
    pub fn merge(base: &Self, ours: &Self, theirs: &Self) -> Option<Self> {
        let template = pick(&base.template, &ours.template, &theirs.template)?.clone();
        let moves = template != base.template;
        if moves && [ours, theirs].iter().any(|side| side.template == base.template && side.answers != base.answers) {
            return None;
        }
        let [base, ours, theirs] = [&base.answers, &ours.answers, &theirs.answers];
        let stays = |feature: &&String| {
            !base.features.contains(*feature)
                || (ours.features.contains(*feature) && theirs.features.contains(*feature))
        };
        let features = ours.features.union(&theirs.features).filter(stays).cloned().collect();
        let mut values = BTreeMap::new();
        for key in ours.values.keys().chain(theirs.values.keys()) {
            let value = pick(&base.values.get(key), &ours.values.get(key), &theirs.values.get(key))?.cloned();
            values.extend(value.map(|value| (key.clone(), value)));
        }
        let name = pick(&base.name, &ours.name, &theirs.name)?.clone();
        Some(Self { template, answers: Answers { name, features, values } })
    }

    /// The record as it stands on disk.
    #[must_use]
    pub fn render(&self) -> String {
        let text = |value: &str| toml::Value::from(value).to_string();
        let mut out = String::from(
            "# What this project was made from. NeoForge reads it to add, remove and update features, so keep it in git.\n",
        );
        // Writing to a String cannot fail.
        let _ = write!(out, "format = {FORMAT}\n\nfeatures = [\n");
        for feature in &self.answers.features {
            let _ = writeln!(out, "    {},", text(feature));
        }
        let _ = write!(out, "]\n\n[template]\n");
        if let Some(commit) = &self.template.commit {
            let _ = writeln!(out, "commit = {}", text(commit));
        }
        if let Some(content) = &self.template.content {
            let _ = writeln!(out, "content = {}", text(content));
        }
        let _ = writeln!(out, "source = {}\nversion = {}", text(&self.template.source), text(&self.template.version));
        let _ = write!(out, "\n[answers]\n");
        let mut values: BTreeMap<&str, toml::Value> =
            self.answers.values.iter().map(|(key, value)| (key.as_str(), value.to_toml())).collect();
        values.insert("name", toml::Value::String(self.answers.name.clone()));
        for (key, value) in values {
            let _ = writeln!(out, "{} = {value}", toml_edit::Key::new(key));
        }
        out
    }
}

/// The value that a side has given, where the other one has not given another.
fn pick<'a, T: PartialEq>(base: &'a T, ours: &'a T, theirs: &'a T) -> Option<&'a T> {
    if ours == theirs || theirs == base { Some(ours) } else { (ours == base).then_some(theirs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            template: TemplateId {
                source: "https://x/y.git".into(),
                version: "1.2.3".into(),
                commit: Some("ab".into()),
                content: None,
            },
            answers: Answers {
                name: "my-app".into(),
                features: ["sqlite", "email"].map(String::from).into(),
                values: [
                    ("title".to_owned(), Value::Text("a \"b\" \\ c".into())),
                    ("port".to_owned(), Value::Integer(80)),
                    ("on".to_owned(), Value::Bool(true)),
                    ("parts".to_owned(), Value::List(vec!["x".into(), "y".into()])),
                ]
                .into(),
            },
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was() {
        assert_eq!(Record::parse(&record().render()), Ok(record()));
    }

    /// The record with other features, or with another answer.
    fn changed(change: impl Fn(&mut Record)) -> Record {
        let mut record = record();
        change(&mut record);
        record
    }

    #[test]
    fn branches_merge_by_features_and_answers() {
        let adds = changed(|record| _ = record.answers.features.insert("cors".into()));
        let swaps = changed(|record| {
            record.answers.features = ["postgres", "email"].map(String::from).into();
            record.answers.values.insert("port".into(), Value::Integer(81));
        });
        let both = changed(|record| {
            record.answers.features = ["postgres", "email", "cors"].map(String::from).into();
            record.answers.values.insert("port".into(), Value::Integer(81));
        });
        assert_eq!(Record::merge(&record(), &adds, &swaps), Some(both.clone()));
        assert_eq!(Record::merge(&record(), &swaps, &adds), Some(both));
        assert_eq!(Record::merge(&record(), &adds, &adds), Some(adds));
    }

    #[test]
    fn branches_that_contradict_each_other_do_not_merge() {
        let port = |port| changed(|record| _ = record.answers.values.insert("port".into(), Value::Integer(port)));
        assert_eq!(Record::merge(&record(), &port(81), &port(82)), None);
        let without = changed(|record| _ = record.answers.values.remove("port"));
        assert_eq!(Record::merge(&record(), &port(81), &without), None);
        // What one branch has added is as the earlier version of the template made it.
        let moved = changed(|record| record.template.version = "2.0.0".into());
        assert_eq!(Record::merge(&record(), &moved, &port(81)), None);
        assert_eq!(Record::merge(&record(), &moved, &record()), Some(moved));
    }

    #[test]
    fn a_folder_is_known_by_its_content() {
        let mut record = record();
        record.template =
            TemplateId { source: "/t".into(), version: "1.0.0".into(), commit: None, content: Some("cd".into()) };
        assert!(record.render().contains("[template]\ncontent = \"cd\"\nsource = \"/t\"\n"));
        assert_eq!(Record::parse(&record.render()), Ok(record));
    }

    #[test]
    fn a_key_that_needs_quotes_has_them() {
        let mut record = record();
        record.answers.values.insert("the \"key\"\nof nobody".into(), Value::Bool(true));
        assert_eq!(Record::parse(&record.render()), Ok(record));
    }

    #[test]
    fn a_record_is_sorted_with_one_entry_a_line() {
        let expected = "\
# What this project was made from. NeoForge reads it to add, remove and update features, so keep it in git.
format = 1

features = [
    \"email\",
    \"sqlite\",
]

[template]
commit = \"ab\"
source = \"https://x/y.git\"
version = \"1.2.3\"

[answers]
name = \"my-app\"
on = true
parts = [\"x\", \"y\"]
port = 80
title = 'a \"b\" \\ c'
";
        assert_eq!(record().render(), expected);
    }

    #[test]
    fn broken_records_say_why() {
        let message = |text: &str| Record::parse(text).expect_err(text).to_string();
        assert_eq!(message("format = 9\nnew = 1"), "format 9 is newer than this program; install a newer NeoForge");
        assert_eq!(message("a b"), "line 1: key with no value, expected `=`");
        assert!(message("format = 1\nbogus = 1").starts_with("line 2: unknown field `bogus`"));
        assert!(message("format = 1").starts_with("it has no [template]"));
        let nameless = "[template]\nsource = 'x'\nversion = '1.0.0'";
        assert!(message(nameless).starts_with("it has no name"));
    }
}
