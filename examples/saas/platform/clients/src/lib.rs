//! The address that a request comes from, also behind proxies.

mod proxies;

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::request::Parts,
    middleware::{self, Next},
    response::Response,
};
use kernel::{AppState, Error, Module, http::Sender};

pub use crate::proxies::Proxies;

/// Reads the proxies to trust from the environment, and names the client in the log line of each request.
pub fn module() -> Module {
    Module::new("clients")
        .settings::<Proxies>()
        .layer(|router, _, state| router.layer(middleware::from_fn_with_state(state.clone(), log_client)))
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

async fn log_client(ClientIp(client): ClientIp, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Sender(client));
    response
}
