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
