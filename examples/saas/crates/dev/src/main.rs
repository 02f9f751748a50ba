//! `cargo dev` builds and runs the application, and does it again whenever a file is saved.
//!
//! Browsers talk to this program, which hands everything on to the application. A new build takes over when it accepts
//! connections; until then the old one answers, also while the code does not compile or the new build does not start.
//! Pages get a script that reloads them after such a change. The application itself knows nothing of all this.

mod application;
mod cargo;
mod changes;
mod proxy;

use std::{
    collections::HashMap,
    env,
    net::IpAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    time::{Instant, SystemTime},
};

use anyhow::{Context, ensure};
use tokio::{net::TcpListener, signal, sync::watch};

use crate::{
    application::{Application, Version},
    changes::Changes,
    proxy::Target,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    ensure!(env::args().len() == 1, "`cargo dev` takes no arguments");
    let package = env::var_os("CARGO_MANIFEST_DIR").context("start it with `cargo dev`")?;
    let root = PathBuf::from(package).join("../..").canonicalize()?;
    let variables = variables(&root)?;
    let environment: String = read(&variables, "APP_ENV", "development")?;
    ensure!(environment == "development", "this is for development, but APP_ENV is {environment}");
    let host: IpAddr = read(&variables, "HOST", "127.0.0.1")?;
    let port: u16 = read(&variables, "PORT", "3000")?;
    let listener = TcpListener::bind((host, port))
        .await
        .with_context(|| format!("{host}:{port} cannot be listened on: is the port taken? Set PORT to another one"))?;
    eprintln!("dev: http://{} answers as soon as the application is built", listener.local_addr()?);

    let (target, targets) = watch::channel(None);
    let proxy = axum::serve(listener, proxy::router(targets));
    let mut application = None;
    tokio::select! {
        result = proxy.into_future() => result?,
        result = develop(root, &mut application, &target) => result?,
        result = stop_signal() => result?,
    }
    if let Some(application) = application {
        application.stop().await?;
    }
    Ok(())
}

/// Builds and starts the application after every change, for good.
async fn develop(
    root: PathBuf,
    application: &mut Option<Application>,
    target: &watch::Sender<Option<Target>>,
) -> anyhow::Result<()> {
    let mut changes = Changes::watch(&root)?;
    loop {
        let begin = Instant::now();
        if let Some(executable) = cargo::build(&root).await? {
            let version = Version::of(&executable, &root)?;
            if application.as_ref().is_none_or(|running| running.version != version) {
                match Application::start(&executable, &root, version).await {
                    Ok(new) => {
                        target.send_replace(Some(Target { address: new.address, build: now()? }));
                        eprintln!("dev: the new build answers, after {:.1} s", begin.elapsed().as_secs_f64());
                        if let Some(old) = application.replace(new) {
                            // It may take its time for what it is doing.
                            tokio::spawn(old.stop());
                        }
                    }
                    Err(error) => eprintln!("dev: {error:#}"),
                }
            }
        }
        tokio::select! {
            () = changes.next() => {}
            status = Application::end(application) => {
                *application = None;
                target.send_replace(None);
                eprintln!("dev: the application has ended with {}; save a file to start it again", status?);
                changes.next().await;
            }
        }
    }
}

/// What the application sees, too. It reads `.env` itself, so that a change of that file counts.
fn variables(root: &Path) -> anyhow::Result<HashMap<String, String>> {
    let mut variables: HashMap<String, String> = match dotenvy::from_path_iter(root.join(".env")) {
        Ok(entries) => entries.collect::<Result<_, _>>().context("the .env file cannot be read")?,
        Err(error) if error.not_found() => HashMap::new(),
        Err(error) => return Err(error).context("the .env file cannot be read"),
    };
    variables.extend(env::vars());
    Ok(variables)
}

fn read<T: FromStr>(variables: &HashMap<String, String>, key: &str, default: &str) -> anyhow::Result<T> {
    let value = variables.get(key).map_or(default, String::as_str);
    value.parse().ok().with_context(|| format!("{key} is {value:?}, which it cannot be"))
}

/// Tells builds apart, also those of two runs of this program.
fn now() -> anyhow::Result<u128> {
    Ok(SystemTime::UNIX_EPOCH.elapsed()?.as_millis())
}

async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await?;
    Ok(())
}
