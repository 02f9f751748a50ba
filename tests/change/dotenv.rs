//! The `.env` of a project through changes: it is looked at before anything is written, and what cannot be used is told.

use std::fs;
use std::path::PathBuf;

use super::Project;

/// A project of a template whose mail wants a variable, with its `.env` in the place of which something else may stand.
struct Place {
    project: Project,
    dotenv: PathBuf,
}

impl Place {
    fn new() -> Self {
        let project = Project::new();
        let manifest = project.sandbox.read("template/features/mail/feature.toml");
        let variable = "\n[[env]]\nkey = \"SMTP_URL\"\ndefault = \"smtp://localhost\"\nabout = \"where mail goes\"\n";
        project.sandbox.write("template/features/mail/feature.toml", manifest + variable);
        project.run("update --yes --commit").expect(0);
        let dotenv = project.sandbox.path("work/my-app/.env");
        Self { project, dotenv }
    }

    /// Adds the feature, which must work in any case, and gives what was said.
    fn add(&self) -> String {
        let said = self.project.run("add feature mail --yes --commit").expect(0);
        assert_eq!(self.project.status(), "");
        assert!(self.project.read("main.txt").contains("mail"));
        said.err
    }
}

#[test]
fn a_plain_file_gets_the_new_variables() {
    let place = Place::new();
    fs::write(&place.dotenv, "PORT=1\r\nSECRET=x\r\n").expect("written");
    let said = place.add();
    assert!(said.contains("new in .env: SMTP_URL"), "{said}");
    assert_eq!(
        fs::read_to_string(&place.dotenv).expect("read"),
        "PORT=1\r\nSECRET=x\r\n\r\n# where mail goes\r\nSMTP_URL=smtp://localhost\r\n"
    );
}

#[cfg(unix)]
#[test]
fn whatever_else_stands_there_is_told_and_the_change_is_whole() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let told = |prepare: &dyn Fn(&Place), why: &str| {
        let place = Place::new();
        fs::remove_file(&place.dotenv).expect("removed");
        prepare(&place);
        let said = place.add();
        let all = format!(
            ".env {why}, so it was left alone; the app now reads SMTP_URL=smtp://localhost: add what is missing"
        );
        assert!(said.contains(&all), "no {all:?} in {said}");
    };
    told(&|place| fs::create_dir(&place.dotenv).expect("a folder"), "is a folder");
    told(&|place| fs::write(&place.dotenv, b"A=\xff\xfe\n").expect("written"), "is not UTF-8");
    told(&|place| symlink("/nonexistent/env", &place.dotenv).expect("a link"), "is a link to nothing");
    told(
        &|place| {
            let made = std::process::Command::new("mkfifo").arg(&place.dotenv).status().expect("mkfifo runs");
            assert!(made.success());
        },
        "is no plain file",
    );
    told(
        &|place| {
            fs::write(&place.dotenv, "PORT=1\n").expect("written");
            fs::set_permissions(&place.dotenv, PermissionsExt::from_mode(0o444)).expect("permissions");
        },
        "is read-only",
    );
    // A link is followed.
    let place = Place::new();
    let real = place.project.sandbox.path("home/env");
    fs::rename(&place.dotenv, &real).expect("moved");
    symlink(&real, &place.dotenv).expect("a link");
    assert!(place.add().contains("new in .env: SMTP_URL"));
    assert!(place.dotenv.is_symlink() && fs::read_to_string(&real).expect("read").contains("SMTP_URL"));
}
