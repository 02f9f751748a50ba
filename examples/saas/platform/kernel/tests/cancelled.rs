//! Work that is dropped halfway: the client is gone, or its time is up.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use kernel::{
    Module,
    database::{self, Migration},
};
use testkit::TestApp;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create the words", sql: "CREATE TABLE words (word TEXT NOT NULL)" }];

/// Drops `work` when it has had to wait more than `pauses` times. Returns whether it came to its end before.
async fn cut_off<F: Future>(work: F, mut pauses: usize) -> bool {
    let mut work = pin!(work);
    let ended = poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if pauses == 0 => Poll::Ready(false),
        Poll::Pending => {
            pauses -= 1;
            Poll::Pending
        }
    });
    ended.await
}

#[tokio::test]
async fn a_transaction_that_is_dropped_while_it_starts_takes_no_later_work_along() {
    let module = Module::new("words").migrations(MIGRATIONS);
    // One connection writes, so that whoever comes next gets the same one.
    let app = TestApp::start_with(vec![module], &[("WORKER_CONCURRENCY", "1"), ("DATABASE_CONNECTIONS", "3")]).await;
    let others = database::connect(&app.application.state.config).await.unwrap();
    let mut kept = 0;
    // The database may answer so fast that there is no wait: one round need not find them all.
    for round in 0..20 {
        let mut pauses = 0;
        while !cut_off(database::begin(app.db()), pauses).await {
            sqlx::query("INSERT INTO words VALUES ('kept')").execute(app.db()).await.unwrap();
            kept += 1;
            let words = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM words").fetch_one(&others);
            assert_eq!(words.await.unwrap(), kept, "cut off in round {round}, at its wait {pauses}");
            pauses += 1;
        }
    }
    assert!(kept > 0, "a transaction that never waits cannot be cut off");
    others.close().await;
}
