//! `cargo dev` builds and runs the application, and does it again whenever a file is saved.
//!
//! Browsers talk to this program, which hands everything on to the application. A new build takes over when it accepts
//! connections; until then the old one answers, also while the code does not compile or the new build does not start.
//! Pages get a script that reloads them after such a change, and shows why there is none. The application itself knows
//! nothing of all this.

mod application;
mod cargo;
mod changes;
mod proxy;

use std::{
    collections::HashMap,
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
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
    proxy::{Failure, Progress, Target},
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
    let address = openable(listener.local_addr()?);
    eprintln!("dev: http://{address} answers as soon as the application is built");

    let (sender, progress) = watch::channel(Progress::default());
    let proxy = axum::serve(listener, proxy::router(progress));
    let mut application = None;
    tokio::select! {
        result = proxy.into_future() => result?,
        result = develop(&root, address, &mut application, &sender) => result?,
        result = stop_signal() => result?,
    }
    if let Some(application) = application {
        application.stop().await?;
    }
    Ok(())
}

/// The address as one types it into a browser of this machine.
fn openable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Builds and starts the application after every change, for good.
async fn develop(
    root: &Path,
    address: SocketAddr,
    application: &mut Option<Application>,
    progress: &watch::Sender<Progress>,
) -> anyhow::Result<()> {
    let mut changes = Changes::watch(root)?;
    loop {
        if let Err(text) = renew(root, address, application, progress).await? {
            let failure = Some(Failure { id: now()?, text });
            progress.send_modify(|progress| progress.failure = failure);
        }
        tokio::select! {
            () = changes.next() => {}
            status = Application::end(application) => {
                *application = None;
                let text = format!("the application has ended with {}; save a file to start it again", status?);
                eprintln!("dev: {text}");
                progress.send_replace(Progress { target: None, failure: Some(Failure { id: now()?, text }) });
                changes.next().await;
            }
        }
    }
}

/// Builds the application, and lets a build that is new take over. Where that fails, returns why.
async fn renew(
    root: &Path,
    address: SocketAddr,
    application: &mut Option<Application>,
    progress: &watch::Sender<Progress>,
) -> anyhow::Result<Result<(), String>> {
    let begin = Instant::now();
    let executable = match cargo::build(root).await? {
        Ok(executable) => executable,
        Err(text) => return Ok(Err(text)),
    };
    let version = Version::of(&executable, root)?;
    if application.as_ref().is_some_and(|running| running.version == version) {
        progress.send_modify(|progress| progress.failure = None);
        return Ok(Ok(()));
    }
    let new = match Application::start(&executable, root, version).await {
        Ok(new) => new,
        Err(error) => {
            eprintln!("dev: {error:#}");
            return Ok(Err(format!("{error:#}. The terminal may say why.")));
        }
    };
    let target = Some(Target { address: new.address, build: now()? });
    progress.send_replace(Progress { target, failure: None });
    eprintln!("dev: the new build answers on http://{address}, after {:.1} s", begin.elapsed().as_secs_f64());
    if let Some(old) = application.replace(new) {
        // It may take its time for what it is doing.
        tokio::spawn(old.stop());
    }
    Ok(Ok(()))
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
