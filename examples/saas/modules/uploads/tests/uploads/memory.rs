//! How much of a file is in memory at a time.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt, stream};
use hyper::body::Bytes;
use kernel::{AppState, BoxFuture, Module, Result};
use uploads::{Content, FILES, Owner, Sink, Storage, Store, Upload, receive};
use uuid::Uuid;

use crate::start_with;

static SENT: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What has left the client and is not in the store yet: two that wait, one that is handed on, one that is being written, and
/// the next.
const HELD: usize = 5;

/// A store that is slower than its clients.
struct Slow;

impl Store for Slow {
    fn create<'a>(&'a self, _: &'a AppState, _: Uuid, _: u64) -> BoxFuture<'a, Result<Box<dyn Sink>>> {
        let sink: Box<dyn Sink> = Box::new(Self);
        Box::pin(async move { Ok(sink) })
    }

    fn open<'a>(&'a self, _: &'a AppState, _: Uuid, _: Range<u64>) -> BoxFuture<'a, Result<Content>> {
        Box::pin(async { Err(kernel::Error::NotFound) })
    }

    fn delete<'a>(&'a self, _: &'a AppState, _: Uuid) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn list<'a>(&'a self, _: &'a AppState) -> BoxFuture<'a, anyhow::Result<Vec<Uuid>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn check<'a>(&'a self, _: &'a AppState) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl Sink for Slow {
    fn write(&mut self, _: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            TAKEN.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_client_that_is_faster_than_the_store_waits() {
    let slow = Module::new("slow").provide(|_, _| Ok(Storage(Box::new(Slow))));
    let files = start_with(&[], vec![slow]).await;
    let pieces = 300;
    let content = stream::iter(0..pieces).map(|_| {
        let held = SENT.fetch_add(1, Ordering::SeqCst) - TAKEN.load(Ordering::SeqCst);
        assert!(held < HELD, "{held} pieces are in memory");
        Ok(Bytes::from(vec![b'x'; 64 * 1024]))
    });
    let upload = Upload { purpose: FILES, name: "a.txt".to_owned(), announced: None, sha256: None };
    let file = receive(&files.application.state, Owner(None), upload, content).await.expect("the file is accepted");
    assert_eq!((file.size, TAKEN.load(Ordering::SeqCst)), (300 * 64 * 1024, pieces));
}
