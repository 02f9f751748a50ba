//! The commands for jobs, as they are called.

use std::{io, process::Command};

use testkit::TestApp;

fn app() -> Command {
    let mut app = Command::new(env!("CARGO_BIN_EXE_app"));
    app.env_clear();
    app
}

#[test]
fn jobs_are_never_changed_without_saying_which() {
    for command in ["retry", "requeue", "cancel", "discard"] {
        let run = app().args(["jobs", command]).output().unwrap();
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8(run.stderr).unwrap().contains("IDS"));
    }
}

#[tokio::test]
async fn nobody_need_read_a_list_to_its_end() {
    let database = TestApp::start(app::modules()).await;
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut list = app();
    list.args(["jobs", "list"]).env("DATABASE_URL", database.database_url()).stdout(writer);
    let run = list.output().unwrap();
    let log = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && !log.contains("panicked"), "{log}");
}
