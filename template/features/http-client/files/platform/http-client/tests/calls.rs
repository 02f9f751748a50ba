//! Calls to services that lie, are slow, or never end; and to addresses that somebody has made up.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::Bytes,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use http_client::{Failure, HttpClient, Network, Outgoing, TIME_LIMIT};
use kernel::{AppState, BoxFuture, Module, Observer, config::Environment, observe::Observation};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};
use testkit::TestApp;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, lookup_host},
};
use tokio_rustls::TlsAcceptor;

/// An address of the Internet, at which nobody is asked anything: connections go to the server of the test.
const PUBLIC: &str = "93.184.215.14";

/// For `hooks.example`, until the year 9999. It signs itself with the Ed25519 key of 32 sevens.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBKTCB3KADAgECAgEBMAUGAytlcDAYMRYwFAYDVQQDDA1ob29rcy5leGFtcGxl
MCAXDTAwMDEwMTAwMDAwMFoYDzk5OTkxMjMxMjM1OTU5WjAYMRYwFAYDVQQDDA1o
b29rcy5leGFtcGxlMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuS
Qh7qaRRG0iyjSTBHMBgGA1UdEQQRMA+CDWhvb2tzLmV4YW1wbGUwDAYDVR0TAQH/
BAIwADAdBgNVHQ4EFgQUTF7OQCOgNB7irP/MTRcVSoVPAuUwBQYDK2VwA0EA+14/
YFi4FFgnJsvvAhT95tdg6G9Lgzi2J6qxdtv/JqeJpk0Xj23c4RW/Zasu7VnP6kjK
Znf8ZAK8IElThwtUBg==
-----END CERTIFICATE-----
";

/// What stands before the 32 bytes of an Ed25519 key in PKCS #8.
const KEY_KIND: &[u8] = &[48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// What the server of a test does with a connection.
#[derive(Clone, Copy)]
enum Act {
    Answer(&'static str),
    /// A byte at a time, for ever.
    Drip,
    /// 100 MB, of which it does not say so before.
    Flood,
    Hang,
}

/// Finds what it is told to find, writes down where it was to connect, and connects to the server of the test.
#[derive(Clone, Default)]
struct Fake(Arc<Notes>);

#[derive(Default)]
struct Notes {
    found: Mutex<Vec<&'static str>>,
    look_ups: AtomicUsize,
    connected: Mutex<Vec<SocketAddr>>,
    server: Mutex<Option<SocketAddr>>,
}

impl Network for Fake {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            self.0.look_ups.fetch_add(1, Ordering::SeqCst);
            let Some(found) = self.next() else {
                // Spellings of addresses are for the system to read. No name gets as far as to a server.
                assert!(host.parse::<IpAddr>().is_ok() || host.starts_with(|first: char| first.is_ascii_digit()));
                return Ok(lookup_host((host, port)).await?.collect());
            };
            Ok(found.split(' ').map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect())
        })
    }

    fn connect<'a>(&'a self, addresses: &'a [SocketAddr]) -> BoxFuture<'a, io::Result<TcpStream>> {
        self.0.connected.lock().unwrap().extend(addresses);
        let server = self.0.server.lock().unwrap().expect("the server runs");
        Box::pin(TcpStream::connect(server))
    }
}

impl Fake {
    fn finding(found: &[&'static str]) -> Self {
        Self(Arc::new(Notes { found: Mutex::new(found.to_vec()), ..Notes::default() }))
    }

    /// The last one stays.
    fn next(&self) -> Option<&'static str> {
        let mut found = self.0.found.lock().unwrap();
        if found.len() > 1 { Some(found.remove(0)) } else { found.first().copied() }
    }

    fn connected(&self) -> Vec<SocketAddr> {
        self.0.connected.lock().unwrap().clone()
    }

    /// A client whose connections all lead to a server that acts, with TLS for `hooks.example`.
    async fn client(&self, environment: Environment, act: Act, encrypted: bool) -> HttpClient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *self.0.server.lock().unwrap() = Some(listener.local_addr().unwrap());
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        let (provider, mut roots) = (Arc::new(ring::default_provider()), RootCertStore::empty());
        roots.add(certificate.clone()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from([KEY_KIND, &[7; 32]].concat()));
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(server.with_single_cert(vec![certificate], key).unwrap()));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if encrypted { play(acceptor.accept(stream).await?, act).await } else { play(stream, act).await }
                });
            }
        });
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        HttpClient::with(environment, self.clone(), &tls.with_root_certificates(roots).with_no_client_auth())
    }
}

async fn play(mut stream: impl AsyncRead + AsyncWrite + Unpin, act: Act) -> io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await?;
    match act {
        Act::Answer(answer) => stream.write_all(answer.as_bytes()).await?,
        Act::Hang => std::future::pending().await,
        Act::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
            let mut pace = tokio::time::interval(Duration::from_millis(50));
            loop {
                pace.tick().await;
                stream.write_all(b".").await?;
                stream.flush().await?;
            }
        }
        Act::Flood => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
            for _ in 0..100 {
                stream.write_all(&vec![b'.'; 1_000_000]).await?;
            }
        }
    }
    stream.shutdown().await
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

const DONE: Act = Act::Answer("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone");

#[tokio::test]
async fn an_address_of_the_internet_is_called() {
    let network = Fake::finding(&[PUBLIC]);
    let client = network.client(Environment::Production, DONE, true).await;
    let answer = client.send_untrusted(get("https://hooks.example/path")).await.unwrap();
    assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"done"[..]));
    assert_eq!(network.connected(), [SocketAddr::new(PUBLIC.parse().unwrap(), 443)]);
}

/// The answer is handed over while it arrives, of whatever size; what does not begin in time is given up.
#[tokio::test]
async fn a_large_answer_arrives_in_pieces() {
    let limit = Duration::from_secs(20);
    let client = Fake::finding(&[PUBLIC]).client(Environment::Production, Act::Flood, true).await;
    let mut body = client.send_large(limit, get("https://hooks.example/")).await.unwrap().into_body();
    let (mut read, mut largest) = (0, 0);
    while let Some(frame) = body.frame().await {
        let length = frame.unwrap().into_data().map_or(0, |data| data.len());
        (read, largest) = (read + length, largest.max(length));
    }
    assert!(read == 100_000_000 && largest < 2_000_000, "{read} bytes, {largest} at once");

    let client = Fake::finding(&[PUBLIC]).client(Environment::Production, Act::Hang, true).await;
    let none = client.send_large(Duration::from_millis(50), get("https://hooks.example/")).await;
    assert!(matches!(none, Err(Failure::TimedOut(_))));
    let refused = client.send_large(limit, get("http://hooks.example/")).await;
    assert!(matches!(refused, Err(Failure::Refused(_))), "no other address is allowed than for small ones");
}

/// All of them lead to this machine, to the networks around it, or to the secrets of the machines of a cloud.
#[tokio::test]
async fn no_spelling_of_a_private_address_is_called() {
    let hosts = [
        // This machine.
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.255.255.254",
        "0.0.0.0",
        "0",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "user@127.0.0.1",
        "93.184.215.14@127.0.0.1",
        // Its neighbours.
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "0xc0a80101",
        "100.64.0.1",
        "198.18.0.1",
        "[fd00::1]",
        "[fc00::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:c0a8:101]",
        // Ways to IPv4 through IPv6.
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:a9fe:a9fe::1]",
        // What hands out secrets.
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        // Nobody.
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "203.0.113.1",
        "[ff02::1]",
        "[2001:db8::1]",
    ];
    assert!(hosts.len() > 40);
    let network = Fake::default();
    let client = network.client(Environment::Development, DONE, true).await;
    for host in hosts {
        for port in ["", ":8443"] {
            let outcome = client.send_untrusted(get(&format!("https://{host}{port}/"))).await;
            assert!(matches!(outcome, Err(Failure::Refused(_))), "{host}: {outcome:?}");
        }
    }
    assert_eq!(network.connected(), []);
}

#[tokio::test]
async fn no_name_leads_there_either() {
    for found in ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:192.168.0.1", "93.184.215.14 10.0.0.1"] {
        let network = Fake::finding(&[found]);
        let client = network.client(Environment::Production, DONE, true).await;
        for host in ["hooks.example", "hooks.example.", "xn--hks-sna.example"] {
            let outcome = client.send_untrusted(get(&format!("https://{host}/"))).await;
            assert!(matches!(outcome, Err(Failure::Refused(_))), "{host} at {found}: {outcome:?}");
        }
        assert_eq!(network.connected(), []);
    }
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let network = Fake::finding(&[PUBLIC, "127.0.0.1"]);
    let client = network.client(Environment::Production, DONE, true).await;
    assert!(client.send_untrusted(get("https://hooks.example/")).await.is_ok());
    assert_eq!(network.0.look_ups.load(Ordering::SeqCst), 1);
    // The name has changed its mind: the connection that was good is not used again for it.
    assert!(matches!(client.send_untrusted(get("https://hooks.example/")).await, Err(Failure::Refused(_))));
    assert_eq!(network.connected(), [SocketAddr::new(PUBLIC.parse().unwrap(), 443)]);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let away =
        Act::Answer("HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n");
    let network = Fake::finding(&[PUBLIC]);
    let client = network.client(Environment::Production, away, true).await;
    let answer = client.send_untrusted(get("https://hooks.example/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!((network.connected().len(), network.0.look_ups.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn only_encrypted_connections_to_the_usual_ports() {
    let network = Fake::finding(&[PUBLIC]);
    let client = network.client(Environment::Development, DONE, true).await;
    for url in [
        "http://hooks.example/",
        "https://hooks.example:22/",
        "https://hooks.example:6379/",
        "ftp://hooks.example/",
        "/here",
    ] {
        let outcome = client.send_untrusted(get(url)).await;
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{url}: {outcome:?}");
    }
    assert!(matches!(client.send(get("http://hooks.example/")).await, Err(Failure::Refused(_))));
    assert_eq!(network.connected(), []);
}

#[tokio::test]
async fn services_on_this_machine_need_no_certificate_in_development() {
    let network = Fake::finding(&["127.0.0.1"]);
    let client = network.client(Environment::Development, DONE, false).await;
    assert_eq!(client.send(get("http://localhost:5000/")).await.unwrap().status(), StatusCode::OK);
    let client = network.client(Environment::Production, DONE, false).await;
    assert!(matches!(client.send(get("http://localhost:5000/")).await, Err(Failure::Refused(_))));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let network = Fake::finding(&[PUBLIC]);
    let client = network.client(Environment::Production, DONE, true).await;
    let outcome = client.send(get("https://other.example/")).await;
    assert!(
        matches!(&outcome, Err(failure @ Failure::Unreachable(_)) if failure.to_string().contains("certificate")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn slow_answers_are_given_up() {
    for act in [Act::Drip, Act::Hang] {
        let client = Fake::finding(&[PUBLIC]).client(Environment::Production, act, true).await;
        let began = Instant::now();
        assert!(matches!(client.send(get("https://hooks.example/")).await, Err(Failure::TimedOut(_))));
        assert!(began.elapsed() >= TIME_LIMIT);
    }
}

#[tokio::test]
async fn large_answers_are_given_up() {
    let client = Fake::finding(&[PUBLIC]).client(Environment::Production, Act::Flood, true).await;
    assert!(matches!(client.send(get("https://hooks.example/")).await, Err(Failure::TooLarge)));
}

static CALLS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

fn remember(_: &AppState, observation: &Observation<'_>) {
    if let Observation::Called { service, outcome, .. } = observation {
        CALLS.lock().unwrap().push(((*service).to_owned(), (*outcome).to_owned()));
    }
}

#[tokio::test]
async fn calls_are_observed() {
    let watcher = Module::new("watcher").add(Observer(remember));
    let app = TestApp::start(vec![http_client::module(), watcher]).await;
    let state = &app.application.state;
    let url = format!("http://{}/health/live", app.address);
    assert_eq!(state.fetch("ourselves", get(&url)).await.unwrap().body(), "ok");
    assert!(state.fetch_untrusted("webhooks", get(&url)).await.is_err());
    let expected = [("ourselves", "200"), ("webhooks", "refused")];
    assert_eq!(*CALLS.lock().unwrap(), expected.map(|(service, outcome)| (service.to_owned(), outcome.to_owned())));
}
