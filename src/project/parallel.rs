//! The same work on many items, on as many threads as pay off.

use std::num::NonZero;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Items that one thread takes at a time: large enough that threads rarely meet, small enough that they end together.
const CHUNK: usize = 64;

/// More threads than this only wait for the same disk.
const MOST_THREADS: usize = 8;

/// Asked once: on Linux the answer takes a dozen files of the control groups.
static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

/// Calls `work` for every item and returns the results in the order of the items.
///
/// Up to 128 items are done by the calling thread, because starting threads would take longer.
///
/// # Errors
/// The error of the first item (by position, of those that were tried) that failed. The items after it may or may not
/// have been done.
pub(super) fn map<T, R, E>(items: &[T], work: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E>
where
    T: Sync,
    R: Send,
    E: Send,
{
    let threads = CORES.min(MOST_THREADS).min(items.len() / CHUNK);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            let Some(chunk) = items.get(start..items.len().min(start + CHUNK)).filter(|chunk| !chunk.is_empty()) else {
                return done;
            };
            let results: Result<Vec<R>, E> = chunk.iter().map(&work).collect();
            if results.is_err() {
                // Nobody needs the rest.
                next.store(items.len(), Ordering::Relaxed);
            }
            done.push((start, results));
        }
    };
    let mut chunks = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut chunks = run();
        for other in others {
            match other.join() {
                Ok(theirs) => chunks.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        chunks
    });
    chunks.sort_unstable_by_key(|(start, _)| *start);
    let mut all = Vec::with_capacity(items.len());
    for (_, results) in chunks {
        all.extend(results?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for count in [0, 1, CHUNK, 2 * CHUNK, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = map(&items, |item| Ok::<_, ()>(item * 2)).expect("no item fails");
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        let items: Vec<usize> = (0..10_000).collect();
        let error = map(&items, |&item| if item == 700 { Err(item) } else { Ok(item) });
        assert_eq!(error, Err(700));
    }
}
