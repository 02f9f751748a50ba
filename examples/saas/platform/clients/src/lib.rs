//! The address that a request comes from, also behind proxies, and how many connections it may have.

mod connections;
mod proxies;

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Once,
};

use anyhow::Context;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::request::Parts,
    middleware::{self, Next},
    response::Response,
};
use kernel::{Admits, Advice, AppState, Error, Module, Stage, TrustsPeer, config::Environment, http::Sender};

use crate::connections::{Connections, PerClient};
pub use crate::proxies::Proxies;

/// Reads the proxies to trust from the environment, names the client in the log line of each request, and limits the
/// connections of each client.
pub fn module() -> Module {
    Module::new("clients")
        .settings::<Proxies>()
        .settings::<PerClient>()
        .provide(|config, _| Ok(Connections::new(config.settings::<PerClient>().0)))
        .add(TrustsPeer(|state, peer| state.config.settings::<Proxies>().trusts(peer)))
        .add(Admits(|state, peer| {
            let is_proxy = state.config.settings::<Proxies>().trusts(peer);
            if is_proxy { Some(Box::new(())) } else { state.service::<Connections>().open(peer) }
        }))
        .add(Advice(|config| {
            let is_open = config.environment == Environment::Production && !config.settings::<Proxies>().is_given;
            is_open.then(|| {
                "TRUSTED_PROXIES is not set: behind a proxy, all visitors pass for one. Name the proxy, or leave the value \
                 empty where there is none"
                    .to_owned()
            })
        }))
        .layer(Stage::Edge, |router, _, state| router.layer(middleware::from_fn_with_state(state.clone(), log_client)))
}

/// Who is asking: the other end of the connection, or the client that a trusted proxy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl FromRequestParts<AppState> for ClientIp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ConnectInfo(peer) =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().context("the server does not tell who is asking")?;
        Ok(Self(state.config.settings::<Proxies>().client(peer.ip(), &parts.headers)))
    }
}

/// What is counted as one client: an IPv4 address, or an IPv6 network of 64 bits. A household gets that much at least, and
/// can use any address in it.
#[must_use]
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

async fn log_client(
    State(state): State<AppState>,
    ClientIp(client): ClientIp,
    request: Request,
    next: Next,
) -> Response {
    static WARNED: Once = Once::new();
    if state.config.environment == Environment::Production && proxies::is_unknown_proxy(client, request.headers()) {
        WARNED.call_once(|| {
            tracing::warn!(
                "{client} sends X-Forwarded-For, as a proxy does, and is not in TRUSTED_PROXIES: all of its visitors pass for \
                 one client, and share one limit"
            );
        });
    }
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Sender(client));
    response
}
