//! The doctor, as it is called.

use std::{fs, path::Path, process::Command};

#[test]
fn fails_with_every_mistake_of_the_configuration() {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_app"));
    doctor.arg("doctor").env_clear().envs([("APP_ENV", "production"), ("PORT", "http")]);
    let run = doctor.output().unwrap();
    let findings = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(findings.starts_with("fail  configuration: "), "{findings}");
    assert!(findings.contains("PORT is") && findings.contains("DATABASE_URL is missing"));
}

#[test]
fn the_url_of_a_database_that_this_is_not_built_for_is_named() {
    // It is built for one of them: the other one is refused by all that need a database.
    let urls = ["sqlite://data/app.db", "postgres://me:s3cret@127.0.0.1/app"];
    let refusals = ["doctor", "serve"].map(|command| {
        let said = urls.map(|url| {
            let mut app = Command::new(env!("CARGO_BIN_EXE_app"));
            let run =
                app.arg(command).env_clear().envs([("APP_ENV", "production"), ("DATABASE_URL", url)]).output().unwrap();
            assert_eq!(run.status.code(), Some(1));
            String::from_utf8([run.stdout, run.stderr].concat()).unwrap()
        });
        assert!(!said.concat().contains("s3cret"), "{said:?}");
        said.iter()
            .filter(|said| {
                said.contains("DATABASE_URL is the URL of another database: it expects")
                    && said.contains("this is built for")
            })
            .count()
    });
    assert_eq!(refusals, [1, 1]);
}

#[test]
fn a_malformed_line_of_the_env_file_is_named_without_its_value() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("malformed-env");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(".env"), "PORT=0\nMAIL_PASSWORD=\"s3cret\n").unwrap();
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_app"));
    let run = doctor.arg("doctor").env_clear().current_dir(folder).output().unwrap();
    let findings = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(findings.contains("the line of MAIL_PASSWORD is malformed") && !findings.contains("s3cret"), "{findings}");
}
