//! `app health` asks the running application whether it can do its work: the health check of an image that holds no
//! other program.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Parser;
use kernel::{Command, Module, Program, config};

/// A little more than the application gives its own checks.
const LIMIT: Duration = Duration::from_secs(4);

/// The command.
pub fn module() -> Module {
    Module::new("container").command::<Health>()
}

/// Ask the running application whether it can do its work, as the health check of the container does
#[derive(Parser)]
#[command(name = "health")]
struct Health;

impl Command for Health {
    async fn run(self, _: Program) -> anyhow::Result<()> {
        ask()
    }
}

/// Fails with the answer of `/health/ready` unless all is well. It looks at the variables that say where the application
/// listens, and at no others.
fn ask() -> anyhow::Result<()> {
    let variables = config::variables()?;
    let read = |key, default| variables.get(key).unwrap_or(default);
    let host: IpAddr = read("HOST", "127.0.0.1").parse().context("HOST is no IP address")?;
    let port: u16 = read("PORT", "3000").parse().context("PORT is no port")?;

    // To connect to the unspecified address, where a container listens, is to connect to this machine.
    let address = SocketAddr::new(host, port);
    let mut stream =
        TcpStream::connect_timeout(&address, LIMIT).with_context(|| format!("{address} does not answer"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET /health/ready HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("no answer in time")?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    ensure!(head.split(' ').nth(1) == Some("200"), "the application is not ready: {body}");
    Ok(())
}
