//! The commands for jobs, as they are called.

use std::process::Command;

#[test]
fn jobs_are_never_changed_without_saying_which() {
    for command in ["retry", "discard"] {
        let run = Command::new(env!("CARGO_BIN_EXE_app")).args(["jobs", command]).env_clear().output().unwrap();
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8(run.stderr).unwrap().contains("IDS"));
    }
}
