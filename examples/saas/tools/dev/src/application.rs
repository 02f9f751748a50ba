use std::{
    future, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{ExitStatus, Stdio},
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::interval,
};

/// What decides whether the running application is the current one.
#[derive(PartialEq, Eq)]
pub struct Version {
    executable: SystemTime,
    settings: Option<SystemTime>,
}

impl Version {
    pub fn of(executable: &Path, root: &Path) -> io::Result<Self> {
        let changed = |path: &Path| path.metadata()?.modified();
        Ok(Self { executable: changed(executable)?, settings: changed(&root.join(".env")).ok() })
    }
}

/// A running build, on a port of its own.
pub struct Application {
    pub version: Version,
    pub address: SocketAddr,
    process: Child,
}

impl Application {
    /// Starts a build, and waits until it accepts connections.
    pub async fn start(executable: &Path, root: &Path, version: Version) -> anyhow::Result<Self> {
        let address = free_address().await?;
        let mut process = Command::new(executable)
            .arg("serve")
            .current_dir(root)
            .env("HOST", address.ip().to_string())
            .env("PORT", address.port().to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", executable.display()))?;
        let accepts = async {
            let mut pause = interval(Duration::from_millis(10));
            while TcpStream::connect(address).await.is_err() {
                pause.tick().await;
            }
        };
        tokio::select! {
            () = accepts => {}
            status = process.wait() => bail!("the application has not started, but ended with {}", status?),
        }
        Ok(Self { version, address, process })
    }

    /// Waits for the end of an application that is not asked to stop. Where none runs, that is never.
    pub async fn end(application: &mut Option<Self>) -> io::Result<ExitStatus> {
        match application {
            Some(application) => application.process.wait().await,
            None => future::pending().await,
        }
    }

    /// Asks the application to stop, and waits until it has finished its work.
    pub async fn stop(mut self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(id) = self.process.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?)) {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        #[cfg(not(unix))]
        self.process.start_kill()?;
        self.process.wait().await?;
        Ok(())
    }
}

async fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}
