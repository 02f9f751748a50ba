//! The application in a process of its own, which can be killed, and whose memory can be measured.

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
};

use kernel::{Application, Config, Module, database};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// Runs this program once more: the test of this name, which [serves](serve).
    pub fn start(test: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("a test has a program"));
        command.args(["--exact", test, "--ignored", "--nocapture"]).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is read")).lines();
        let address = lines.find_map(|line| line.ok()?.rsplit_once("listening at ")?.1.parse().ok());
        Self { child, address: address.expect("it listens") }
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// What it has had in memory at most, in KiB; nothing where the system does not tell.
    pub fn peak(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the modules, with the variables of this process, until it is killed.
pub async fn serve(modules: Vec<Module>) {
    let variables: HashMap<String, String> = env::vars().collect();
    let config = Config::from_variables(&variables, &modules).expect("the configuration is usable");
    let db = database::connect(&config).await.expect("the database can be opened");
    let application = Application::build(config, db, modules).expect("the modules fit together");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
    println!("listening at {}", listener.local_addr().expect("a listener has an address"));
    application.serve(listener, CancellationToken::new()).await.expect("it serves");
}
