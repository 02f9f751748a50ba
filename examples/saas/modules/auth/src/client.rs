//! Who sends a request, as far as it is known: for the list of sessions, and for throttling.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use clients::ClientIp;
use kernel::{AppState, Error};

use crate::cookies;

/// What is kept of the name of a browser.
const AGENT_LIMIT: usize = 200;

/// The other end of a request, and the cookies that it has sent.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub address: String,
    /// What is counted as one client.
    pub network: String,
    pub agent: String,
    pub(crate) session: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) pending: Option<String>,
}

impl Client {
    /// Nobody who sends a request: somebody who runs a command.
    pub(crate) fn program() -> Self {
        Self { address: "command line".to_owned(), ..Self::default() }
    }
}

impl FromRequestParts<AppState> for Client {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ClientIp(address) = ClientIp::from_request_parts(parts, state).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self {
            address: address.to_string(),
            network: clients::network(address).to_string(),
            agent: agent.chars().take(AGENT_LIMIT).collect(),
            session: cookies::read(state, &parts.headers, cookies::SESSION),
            device: cookies::read(state, &parts.headers, cookies::DEVICE),
            pending: cookies::read(state, &parts.headers, cookies::PENDING),
        })
    }
}
