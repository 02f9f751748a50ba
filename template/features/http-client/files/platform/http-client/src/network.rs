use std::{io, net::SocketAddr};

use kernel::BoxFuture;
use tokio::net::{TcpStream, lookup_host};

/// How names become addresses, and addresses connections. Tests bring one of their own.
pub trait Network: Send + Sync + 'static {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;

    /// Connects to the first of the addresses that answers.
    fn connect<'a>(&'a self, addresses: &'a [SocketAddr]) -> BoxFuture<'a, io::Result<TcpStream>>;
}

/// The network of this machine.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Network for System {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) })
    }

    fn connect<'a>(&'a self, addresses: &'a [SocketAddr]) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect(addresses))
    }
}
