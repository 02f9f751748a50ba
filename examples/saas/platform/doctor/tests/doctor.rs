//! The doctor names what is wrong, and changes nothing.

use anyhow::bail;
use doctor::{Finding, Level};
use kernel::{
    Advice, Config, Inspect, Module,
    database::{self, Migration},
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

fn find<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check} in {findings:?}"))
}

#[tokio::test]
async fn names_pending_migrations_and_failing_checks() {
    let office = Module::new("office").check("printer", |_| Box::pin(async { bail!("no paper") }));
    let (app, config) = start(0).await;
    let findings = doctor::examine(Ok(config.clone()), vec![books(&[FIRST, SECOND]), office]).await;
    assert_eq!(find(&findings, "printer").to_string(), "fail  printer: no paper");
    let migrations = find(&findings, "migrations");
    assert_eq!(migrations.level, Level::Fail);
    assert!(migrations.message.contains("not run yet: \"add authors\" of `books`"), "{migrations}");

    database::migrate(app.db(), &[books(&[FIRST, SECOND])]).await.unwrap();
    let findings = doctor::examine(Ok(config), vec![books(&[FIRST, SECOND])]).await;
    for check in ["configuration", "port", "temporary files", "database", "writing", "migrations", "clock"] {
        assert_eq!(find(&findings, check).level, Level::Ok, "{check}");
    }
    assert!(find(&findings, "disk").message.contains("MiB are free"));
}

#[tokio::test]
async fn passes_on_what_modules_find_odd() {
    let (_app, config) = start(0).await;
    let modest = Module::new("modest").add(Advice(|_| None));
    let odd = Module::new("odd").add(Advice(|config| Some(format!("{:?} is odd", config.host))));
    let findings = doctor::examine(Ok(config), vec![modest, odd]).await;
    let warnings: Vec<_> =
        findings.iter().filter(|it| it.level == Level::Warn && it.check == "configuration").collect();
    assert_eq!(warnings.len(), 1, "{findings:?}");
    assert_eq!(warnings[0].to_string(), "warn  configuration: 127.0.0.1 is odd");
}

#[tokio::test]
async fn passes_on_what_modules_find_in_the_database() {
    let (_app, config) = start(0).await;
    let shop = Module::new("shop")
        .add(Inspect(|_| Box::pin(async { Ok(None) })))
        .add(Inspect(|_| Box::pin(async { Ok(Some("there is nothing to sell".to_owned())) })))
        .add(Inspect(|_| Box::pin(async { bail!("the shelf is gone") })));
    let findings = doctor::examine(Ok(config), vec![shop]).await;
    let lines: Vec<_> = findings.iter().filter(|it| it.check == "data").map(ToString::to_string).collect();
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with("ok")).collect();
    assert_eq!(lines, ["warn  data: there is nothing to sell", "fail  data: the shelf is gone"]);
}

#[tokio::test]
async fn points_out_a_taken_port_and_does_not_create_the_database() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (app, config) = start(listener.local_addr().unwrap().port()).await;
    drop(app);
    for _ in 0..2 {
        let findings = doctor::examine(Ok(config.clone()), Vec::new()).await;
        assert_eq!(find(&findings, "port").level, Level::Warn);
        assert_eq!(find(&findings, "database").level, Level::Fail);
    }
}
