//! Records of every version of the format that there has been, in `tests/records`: each is still read as it was meant. When
//! the format gets a new version, its record joins them, and the older ones stay as they are.

use std::fs;
use std::path::PathBuf;

use neoforge::answers::record::{FORMAT, Record, RecordError, TemplateId};
use neoforge::answers::{Answers, Value};

fn read(format: u32) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/records/{format}.toml"));
    fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; format {format} needs a record, as the program of that version wrote it", path.display())
    })
}

/// What all of them say.
fn meant() -> Record {
    let text = |text: &str| text.to_owned();
    Record {
        template: TemplateId {
            source: text("https://example.com/templates.git//web"),
            version: text("1.2.3"),
            commit: Some(text("0123456789abcdef0123456789abcdef01234567")),
            content: None,
        },
        answers: Answers {
            name: text("my-app"),
            features: [text("mail"), text("sqlite")].into(),
            values: [
                (text("on"), Value::Bool(true)),
                (text("parts"), Value::List(vec![text("x"), text("y")])),
                (text("port"), Value::Integer(80)),
                (text("title"), Value::Text(text("a \"b\" \\ c"))),
            ]
            .into(),
        },
    }
}

#[test]
fn every_older_version_is_read() {
    for format in 1..=FORMAT {
        let record = read(format);
        assert!(record.contains(&format!("\nformat = {format}\n")), "{format}.toml is a record of format {format}");
        assert_eq!(Record::parse(&record), Ok(meant()), "format {format}");
    }
}

#[test]
fn the_newest_version_is_the_one_that_is_written() {
    assert_eq!(meant().render(), read(FORMAT));
}

#[test]
fn a_newer_version_is_refused_whatever_it_says() {
    let newer = read(FORMAT).replace(&format!("format = {FORMAT}"), &format!("format = {}", FORMAT + 1));
    for text in [newer.clone(), format!("{newer}\n[something.new]\nat = 2030-01-01\n")] {
        let error = Record::parse(&text).expect_err("too new");
        assert_eq!(error, RecordError::Newer(FORMAT + 1));
        assert_eq!(
            error.to_string(),
            format!("format {} is newer than this program; install a newer NeoForge", FORMAT + 1)
        );
    }
}
