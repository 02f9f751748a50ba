//! The doctor, as it is called.

use std::process::Command;

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
