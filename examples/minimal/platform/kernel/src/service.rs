//! What the process and the one who runs it, such as systemd, tell each other.

use std::{env, io};

use anyhow::Context;
use listenfd::ListenFd;
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;

use crate::Config;

/// The socket that was handed over (`LISTEN_FDS`), which others hold while this process restarts; without one, a new one on
/// `HOST` and `PORT`.
///
/// # Errors
///
/// Fails when the port is taken, or what was handed over is no such socket.
pub async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let given = ListenFd::from_env().take_tcp_listener(0).context("LISTEN_FDS hands over something else than TCP")?;
    let listener = if let Some(given) = given {
        given.set_nonblocking(true)?;
        TcpListener::from_std(given)?
    } else {
        let (host, port) = (config.host, config.port);
        TcpListener::bind((host, port)).await.with_context(|| {
            format!("{host}:{port} cannot be listened on: is the port taken? Set PORT to another one")
        })?
    };
    tracing::info!("listening on http://{}", listener.local_addr()?);
    notify("READY=1");
    Ok(listener)
}

/// Tells a service manager that waits for it (`Type=notify`) how the process is.
pub fn notify(state: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&socket, state)
    {
        tracing::warn!("NOTIFY_SOCKET cannot be told {state}: {error}");
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &std::ffi::OsStr, state: &str) -> io::Result<()> {
    use std::os::{linux::net::SocketAddrExt, unix::ffi::OsStrExt, unix::net};
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => net::SocketAddr::from_abstract_name(name)?,
        None => net::SocketAddr::from_pathname(socket)?,
    };
    net::UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn send(_: &std::ffi::OsStr, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A token that is cancelled when the process is asked to stop: by Ctrl-C, or by the SIGTERM of a service manager or
/// container runtime.
#[must_use]
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        match signal_received().await {
            Ok(()) => {
                notify("STOPPING=1");
                stopping.cancel();
            }
            Err(error) => tracing::error!("signals cannot be received: {error}"),
        }
    });
    stop
}

#[cfg(unix)]
async fn signal_received() -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        outcome = signal::ctrl_c() => outcome,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal_received() -> io::Result<()> {
    signal::ctrl_c().await
}
