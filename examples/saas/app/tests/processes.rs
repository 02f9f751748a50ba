//! The application as a process, on a socket and with the limits that a service manager gives it.
#![cfg(unix)]

use std::{
    env, fs, io,
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::{self, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use testkit::TestApp;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, UnixDatagram},
    process::{Child, Command},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A socket that stays open while processes come and go, and the database that they use.
struct Service {
    app: TestApp,
    socket: TcpListener,
    address: SocketAddr,
}

impl Service {
    async fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        Self { app: TestApp::start(app::modules()).await, socket, address }
    }

    /// Starts the application with the socket as its file 3, as systemd does.
    fn start(&self, files: usize, variables: &[(&str, &str)]) -> Child {
        let script = "ulimit -n $0; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$1\" serve 3<&0 </dev/null";
        let mut command = Command::new("sh");
        command.args(["-c", script, &files.to_string(), env!("CARGO_BIN_EXE_app")]);
        command.stdin(Stdio::from(OwnedFd::from(self.socket.try_clone().unwrap()))).stderr(Stdio::piped());
        command.env("DATABASE_URL", self.app.database_url()).env("LOG", "warn");
        command.env("RATE_LIMIT_PAGES", "off");
        command.envs(variables.iter().copied()).kill_on_drop(true).spawn().unwrap()
    }
}

async fn stop(mut server: Child) {
    let id = server.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = timeout(PATIENCE, server.wait()).await.expect("it stops in time").unwrap();
    assert!(status.success(), "{status}");
}

async fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_on_a_held_socket_lose_no_request() {
    static ANSWERED: Semaphore = Semaphore::const_new(0);
    let (service, enough) = (Service::new().await, Arc::new(AtomicBool::new(false)));
    let mut server = service.start(1024, &[]);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (address, enough) = (service.address, Arc::clone(&enough));
        clients.spawn(async move {
            while !enough.load(Ordering::Relaxed) {
                let answer = timeout(PATIENCE, get(address, "/")).await.expect("an answer comes in time").unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
                ANSWERED.add_permits(1);
            }
        });
    }
    for _ in 0..5 {
        tokio::select! {
            answers = timeout(PATIENCE, ANSWERED.acquire_many(200)) => {
                answers.expect("requests are answered").unwrap().forget();
            }
            Some(client) = clients.join_next() => panic!("a request was lost: {client:?}"),
        }
        stop(server).await;
        server = service.start(1024, &[]);
    }
    enough.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.expect("no request was lost");
    }
    stop(server).await;
}

#[tokio::test]
async fn running_out_of_files_is_logged_and_passes() {
    let service = Service::new().await;
    let mut server = service.start(64, &[]);
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(TcpStream::connect(service.address).await.unwrap());
    }
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    let told = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if line.contains("ERROR") && line.contains("accept error") {
                return;
            }
        }
        panic!("the log ends without a word");
    };
    timeout(PATIENCE, told).await.expect("the log tells");
    drop(clients);
    let answer = timeout(PATIENCE, get(service.address, "/health/live")).await.expect("it goes on").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop(server).await;
}

#[tokio::test]
async fn the_service_manager_is_told_when_it_is_ready_and_when_it_stops() {
    let path = env::temp_dir().join(format!("notify-{}", process::id()));
    let (service, manager) = (Service::new().await, UnixDatagram::bind(&path).unwrap());
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("CONNECTION_TIMEOUT_SECONDS", "600")];
    let server = service.start(1024, &variables);
    let mut message = [0; 64];
    let length = timeout(PATIENCE, manager.recv(&mut message)).await.expect("it says so").unwrap();
    assert_eq!(message[..length], *b"READY=1");

    // A connection that is kept alive and one that never says anything do not hold it up.
    let _silent = TcpStream::connect(service.address).await.unwrap();
    let mut idle = TcpStream::connect(service.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    stop(server).await;
    let length = timeout(PATIENCE, manager.recv(&mut message)).await.expect("it says so").unwrap();
    assert_eq!(message[..length], *b"STOPPING=1");
    fs::remove_file(path).unwrap();
}
