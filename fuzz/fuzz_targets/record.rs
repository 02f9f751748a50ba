//! Records and files of answers: what can be read is written so that it reads back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::answers::record::{AnswersFile, Record, RecordError};

fuzz_target!(|text: &str| {
    if let Err(RecordError::Toml { line, .. }) = AnswersFile::parse(text) {
        assert!((1..=text.matches('\n').count() + 1).contains(&line), "line {line}");
    }
    if let Ok(record) = Record::parse(text) {
        let written = record.render();
        assert_eq!(Record::parse(&written), Ok(record), "{written}");
    }
});
