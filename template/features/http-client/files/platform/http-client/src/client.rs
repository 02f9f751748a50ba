use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, Uri, header, uri::Scheme},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use kernel::{BoxFuture, config::Environment};
use rustls::{ClientConfig, crypto::ring, pki_types::InvalidDnsNameError};
use tokio::{net::TcpStream, time::timeout};
use tower::Service;

use crate::{Network, System, is_public};

/// How long a call may take, from the look-up of the name to the last byte of the answer.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How large an answer may be.
pub const ANSWER_LIMIT: usize = 1024 * 1024;

const USER_AGENT: &str = concat!("app/", env!("CARGO_PKG_VERSION"));

/// The ports that a user's address may have.
const UNTRUSTED_PORTS: [u16; 2] = [443, 8443];

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The address is none to send this to; nothing was sent.
    Refused(&'static str),
    /// It took longer than this.
    TimedOut(Duration),
    /// The answer is larger than [`ANSWER_LIMIT`].
    TooLarge,
    /// The service cannot be reached, or broke off.
    Unreachable(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// For logs and metrics.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::TimedOut(_) => "timed out",
            Self::TooLarge => "too large",
            Self::Unreachable(_) => "unreachable",
        }
    }

    /// Finds the reason that the connector has given, beneath what the libraries around it say.
    fn from_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(current) = cause {
            if let Some(Refusal(why)) = current.downcast_ref() {
                return Self::Refused(why);
            }
            if current.is::<InvalidDnsNameError>() {
                return Self::Refused("it names no host");
            }
            if current.is::<LengthLimitError>() {
                return Self::TooLarge;
            }
            cause = current.source();
        }
        Self::Unreachable(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(formatter, "the address is refused: {why}"),
            Self::TimedOut(limit) => write!(formatter, "no answer within {} s", limit.as_secs()),
            Self::TooLarge => write!(formatter, "the answer is larger than {} KiB", ANSWER_LIMIT / 1024),
            Self::Unreachable(error) => {
                write!(formatter, "the service cannot be reached: {error}")?;
                let mut cause = error.source();
                while let Some(current) = cause {
                    write!(formatter, ": {current}")?;
                    cause = current.source();
                }
                Ok(())
            }
        }
    }
}

impl Error for Failure {}

/// Sends requests. [`crate::Outgoing`] is how to use it.
#[derive(Debug)]
pub struct HttpClient {
    own: Client<HttpsConnector<Connector>, Full<Bytes>>,
    untrusted: Client<HttpsConnector<Connector>, Full<Bytes>>,
}

impl HttpClient {
    /// On the network of this machine, with the certificate authorities that browsers trust.
    ///
    /// # Errors
    ///
    /// Never, unless the libraries for TLS disagree with each other.
    pub fn new(environment: Environment) -> anyhow::Result<Self> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let tls = tls.with_safe_default_protocol_versions()?.with_webpki_roots().with_no_client_auth();
        Ok(Self::with(environment, System, &tls))
    }

    /// On another network, or with other authorities.
    #[must_use]
    pub fn with(environment: Environment, network: impl Network, tls: &ClientConfig) -> Self {
        let network: Arc<dyn Network> = Arc::new(network);
        let connect = |rule| {
            let connector = Connector { network: Arc::clone(&network), rule };
            let builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone());
            builder.https_or_http().enable_http1().wrap_connector(connector)
        };
        let builder = || {
            let mut builder = Client::builder(TokioExecutor::new());
            builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new());
            builder
        };
        let own = if environment == Environment::Development { Rule::EncryptedOrLocal } else { Rule::Encrypted };
        Self {
            own: builder().build(connect(own)),
            // No connection outlives the check of its address.
            untrusted: builder().pool_max_idle_per_host(0).build(connect(Rule::Public)),
        }
    }

    /// Sends a request to an address of ours.
    ///
    /// # Errors
    ///
    /// Fails when there is no answer, whatever it says.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        exchange(&self.own, request).await
    }

    /// Sends a request to an address of ours, and hands the answer over as it arrives.
    ///
    /// # Errors
    ///
    /// Fails when no answer begins within the limit, whatever it says.
    pub async fn send_large(&self, limit: Duration, request: Request<Bytes>) -> Result<Response<Body>, Failure> {
        timeout(limit, begin(&self.own, request)).await.unwrap_or(Err(Failure::TimedOut(limit)))
    }

    /// Sends a request to an address that a user has given.
    ///
    /// # Errors
    ///
    /// Fails when the address is not public, or there is no answer, whatever it says.
    pub async fn send_untrusted(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        exchange(&self.untrusted, request).await
    }
}

async fn exchange(
    client: &Client<HttpsConnector<Connector>, Full<Bytes>>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Failure> {
    let work = async {
        let (head, body) = begin(client, request).await?.into_parts();
        let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(Failure::from_error)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    timeout(TIME_LIMIT, work).await.unwrap_or(Err(Failure::TimedOut(TIME_LIMIT)))
}

/// Sends a request, and returns when its answer begins.
async fn begin(
    client: &Client<HttpsConnector<Connector>, Full<Bytes>>,
    request: Request<Bytes>,
) -> Result<Response<Body>, Failure> {
    let is_absolute = request.uri().host().is_some() && matches!(request.uri().scheme_str(), Some("http" | "https"));
    if !is_absolute {
        return Err(Failure::Refused("it has to begin with https, and name a host"));
    }
    let mut request = request.map(Full::new);
    request.headers_mut().entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    Ok(client.request(request).await.map_err(Failure::from_error)?.map(Body::new))
}

/// Where requests may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Encrypted,
    EncryptedOrLocal,
    Public,
}

impl Rule {
    fn check(self, is_encrypted: bool, port: u16, addresses: &[SocketAddr]) -> Result<(), Refusal> {
        let all = |is: fn(IpAddr) -> bool| addresses.iter().all(|address| is(address.ip()));
        let is_allowed = match self {
            Self::Encrypted => is_encrypted,
            Self::EncryptedOrLocal => is_encrypted || all(|address| address.is_loopback()),
            Self::Public if !all(is_public) => return Err(Refusal("it does not lead to the Internet")),
            Self::Public => is_encrypted && UNTRUSTED_PORTS.contains(&port),
        };
        is_allowed.then_some(()).ok_or(Refusal(match self {
            Self::Encrypted => "it has to begin with https",
            Self::EncryptedOrLocal => "it has to begin with https, except for services on this machine",
            Self::Public => "it has to begin with https, and may have the ports 443 and 8443 only",
        }))
    }
}

#[derive(Debug)]
struct Refusal(&'static str);

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Refusal {}

/// Looks the name up, checks all that was found, and connects to that: nothing looks the name up again.
#[derive(Clone)]
struct Connector {
    network: Arc<dyn Network>,
    rule: Rule,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { network, rule } = self.clone();
        Box::pin(async move {
            let is_encrypted = uri.scheme() == Some(&Scheme::HTTPS);
            let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
            // An IPv6 address stands in brackets there.
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            let addresses = network.look_up(host, port).await?;
            rule.check(is_encrypted, port, &addresses)?;
            Ok(TokioIo::new(network.connect(&addresses).await?))
        })
    }
}
