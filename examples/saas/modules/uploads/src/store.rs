//! Where the bytes of files are.

use std::{io, ops::Range};

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use kernel::{AppState, BoxFuture, Result};
use uuid::Uuid;

/// A file as it is read.
pub type Content = BoxStream<'static, io::Result<Bytes>>;

/// The service that keeps files: a folder, unless a later module provides another [`Store`].
pub struct Storage(pub Box<dyn Store>);

impl std::fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Storage")
    }
}

/// Keeps bytes under ids. What it is told to keep is new each time, and never changes.
pub trait Store: Send + Sync + 'static {
    /// Begins a file. `size` is the most that will come.
    fn create<'a>(&'a self, state: &'a AppState, id: Uuid, size: u64) -> BoxFuture<'a, Result<Box<dyn Sink>>>;

    /// Reads a part of a file.
    fn open<'a>(&'a self, state: &'a AppState, id: Uuid, range: Range<u64>) -> BoxFuture<'a, Result<Content>>;

    /// Removes a file and all parts of it, whether it is complete, has just begun, or is not there at all.
    fn delete<'a>(&'a self, state: &'a AppState, id: Uuid) -> BoxFuture<'a, anyhow::Result<()>>;

    /// All files and parts of files that there are.
    fn list<'a>(&'a self, state: &'a AppState) -> BoxFuture<'a, anyhow::Result<Vec<Uuid>>>;

    /// Whether files can be kept now; the error says why not.
    fn check<'a>(&'a self, state: &'a AppState) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// A file that arrives. It is there for others when it is finished; one that is dropped before is for [`Store::delete`].
pub trait Sink: Send {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Returns when the file is safe.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}
