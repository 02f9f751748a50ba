//! `app doctor` looks for what keeps the application from its work, and changes nothing.

use std::{io::ErrorKind, iter, net::SocketAddr, time};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{AppState, Config, Module, database, database::backend, health::Check};

/// Checks all that can be checked. Every line says what is `ok`, a reason to `warn`, or bound to `fail`, and what to do
/// about it.
pub async fn examine(config: anyhow::Result<Config>, modules: &[Module]) -> Vec<String> {
    let mut findings = Vec::new();
    let end = look(config, modules, &mut findings).await;
    findings.extend(end.err().map(|error| format!("fail  {error:#}")));
    findings
}

async fn look(config: anyhow::Result<Config>, modules: &[Module], findings: &mut Vec<String>) -> anyhow::Result<()> {
    let config = config.context("configuration")?;
    findings.push(format!("ok    configuration: complete, for {:?}", config.environment));

    let address = SocketAddr::new(config.host, config.port);
    findings.push(match TcpListener::bind(address).await {
        Ok(_) => format!("ok    port: {address} is free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            format!("warn  port: {address} is taken: if not by this application, change PORT")
        }
        Err(error) => format!("fail  port: {address}: {error}: change HOST or PORT"),
    });

    let db = database::open(&config).await.context("database")?;
    let state = AppState::new(config, db.clone(), modules);
    let checks = modules.iter().flat_map(|module| &module.checks);
    for check in iter::once(&Check::DATABASE).chain(checks) {
        let started = time::Instant::now();
        let outcome = check.outcome(&state).await;
        findings.push(line(check.name, outcome, &format!("answers in {:.1?}", started.elapsed())));
    }
    findings.push(line("writing", backend::check_writable(&db).await, "is possible"));

    let migrated = database::check_migrated(&db, modules).await;
    findings.push(line("migrations", migrated, "all have run"));

    let now = time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs_f64();
    let clock = sqlx::query_scalar(backend::SECONDS_AHEAD).bind(now).fetch_one(&db).await;
    findings.extend(clock.ok().map(|ahead: f64| match ahead.abs() {
        ..5.0 => "ok    clock: agrees with the database".to_owned(),
        _ => format!("warn  clock: the database is {ahead:+.0} s from here: set this machine's"),
    }));
    db.close().await;
    Ok(())
}

fn line(check: &str, outcome: anyhow::Result<()>, detail: &str) -> String {
    match outcome {
        Ok(()) => format!("ok    {check}: {detail}"),
        Err(error) => format!("fail  {check}: {error:#}"),
    }
}
