//! `app doctor` names what is wrong, and changes nothing.

use anyhow::bail;
use kernel::{
    Config, Module,
    database::{self, Migration},
    doctor,
};
use testkit::TestApp;

const FIRST: Migration = Migration { version: 1, name: "create books", sql: "CREATE TABLE books (title TEXT)" };
const SECOND: Migration =
    Migration { version: 2, name: "add authors", sql: "ALTER TABLE books ADD COLUMN author TEXT" };

fn books(migrations: &'static [Migration]) -> Module {
    Module::new("books").migrations(migrations)
}

async fn start(port: u16) -> (TestApp, Config) {
    let app = TestApp::start_with(vec![books(&[FIRST])], &[("PORT", &port.to_string())]).await;
    let config = (*app.application.state.config).clone();
    (app, config)
}

#[tokio::test]
async fn names_pending_migrations_and_failing_checks() {
    let office = Module::new("office").check("printer", |_| Box::pin(async { bail!("no paper") }));
    let modules = [books(&[FIRST, SECOND]), office];
    let (app, config) = start(0).await;
    let findings = doctor::examine(Ok(config.clone()), &modules).await.join("\n");
    assert!(findings.contains("fail  printer: no paper"), "{findings}");
    assert!(findings.contains("fail  migrations: run `app migrate`"), "{findings}");
    assert!(findings.contains("not run yet: \"add authors\" of `books`"), "{findings}");

    database::migrate(app.db(), &modules).await.unwrap();
    let findings = doctor::examine(Ok(config), &modules[..1]).await;
    assert_eq!(findings.iter().filter(|line| line.starts_with("ok ")).count(), 6, "{findings:?}");
}

#[tokio::test]
async fn points_out_a_taken_port_and_does_not_create_the_database() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (app, config) = start(listener.local_addr().unwrap().port()).await;
    drop(app);
    for _ in 0..2 {
        let findings = doctor::examine(Ok(config.clone()), &[]).await;
        assert!(findings[1].starts_with("warn  port: "), "{findings:?}");
        assert!(findings[2].starts_with("fail  database: "), "{findings:?}");
    }
}
