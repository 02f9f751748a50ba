//! The connections of clients: HTTP/1, as many as there is room for, and none that wastes its time.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{io::InspectReader, sync::CancellationToken, task::TaskTracker};
use tower_http::add_extension::AddExtension;

use crate::{Admits, AppState, server::deadline};

/// How long a new connection may still take to begin its first request when the server is about to stop.
const LAST_CALL: Duration = Duration::from_secs(1);

/// What the system keeps of an answer on its way. It grows to megabytes by itself, which take memory, and of which a slow
/// client has to read so much before progress is seen that it would pass for one that does not read at all.
const SEND_BUFFER: usize = 128 * 1024;

pub async fn serve(
    state: &AppState,
    router: &Router,
    mut listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (config, mut warned) = (&state.config, None::<Instant>);
    let (places, connections) = (Arc::new(Semaphore::new(config.connection_limit)), TaskTracker::new());
    loop {
        let next = async { (Arc::clone(&places).acquire_owned().await, Listener::accept(&mut listener).await) };
        let (place, (stream, peer)) = tokio::select! {
            accepted = next => accepted,
            () = stop.cancelled() => break,
        };
        if places.available_permits() == 0 && warned.is_none_or(|at| at.elapsed() > Duration::from_mins(1)) {
            warned = Some(Instant::now());
            tracing::warn!("{} connections are open: more of them wait (CONNECTION_LIMIT)", config.connection_limit);
        }
        let admit = |Admits(ask): &Admits| ask(state, peer.ip());
        let Some(admission) = state.all().iter().map(admit).collect::<Option<Vec<_>>>() else { continue };
        let (router, silence, stop) = (router.clone(), config.connection_timeout, stop.clone());
        connections.spawn(converse(stream, peer, router, silence, stop, (place, admission)));
    }
    drop(listener);
    connections.close();
    timeout(config.shutdown_timeout, connections.wait())
        .await
        .context("some requests were cut off, because they took longer than SHUTDOWN_SECONDS")
}

/// Answers one client until it leaves, stops making progress for the time of `silence`, or the server stops. Its `place` is held as
/// long as the connection is open, also by a handler that has taken it over to speak another protocol.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    silence: Duration,
    stop: CancellationToken,
    place: impl Send + 'static,
) {
    // hyper would close a connection without a request as soon as the server stops: one may be on its way.
    let mut first = [0];
    tokio::select! {
        _ = stream.peek(&mut first) => {}
        () = sleep(silence) => return,
        () = deadline(&stop, LAST_CALL) => return,
    }
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(silence));
    let stream = InspectReader::new(Box::pin(stream), move |_| _ = &place);
    let service = TowerToHyperService::new(AddExtension::new(router, ConnectInfo(peer)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(silence);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    // A connection that breaks concerns nobody but its client. It comes first: what has arrived is answered.
    tokio::select! {
        biased;
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
