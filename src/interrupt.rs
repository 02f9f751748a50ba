//! Ctrl-C, and whatever else asks the program to end.
//!
//! The first signal only sets a flag: the work in progress notices it, tidies up and returns an error. The second one does
//! not wait for that: it aborts what is registered with [`Interrupt::guard`] and exits on the spot.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The exit status of the program after an interruption: 128 plus the number of SIGINT, as a shell reports it.
pub const EXIT_STATUS: u8 = 130;

/// Signals that arrive this close together are one request. Closing a terminal sends SIGHUP twice, and `timeout` signals a
/// process and then its group; neither of them asks for the hard way.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// Something that does not end by itself when the program exits, such as a group of child processes.
pub trait Abort: Send + Sync {
    /// Ends it at once. Called at most once, from another thread, right before the program exits.
    fn abort(&self);
}

/// Tells whether somebody asked the program to end. Clones share one state.
#[derive(Clone, Default)]
pub struct Interrupt {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    set: AtomicBool,
    guarded: Mutex<Vec<Weak<dyn Abort>>>,
}

/// The work was interrupted; exit with [`EXIT_STATUS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// The signals could not be listened to.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for Ctrl-C")]
pub struct InstallError(#[from] ctrlc::Error);

impl Interrupt {
    /// An interrupt that no signal sets; for tests and for callers that have their own signals.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens for Ctrl-C, SIGTERM and SIGHUP from now on. Call it once, early in `main`.
    ///
    /// # Errors
    /// When the handler is installed already, or the system refuses it.
    pub fn install() -> Result<Self, InstallError> {
        let interrupt = Self::new();
        let handler = interrupt.clone();
        let mut first = None;
        ctrlc::set_handler(move || {
            let first = *first.get_or_insert_with(Instant::now);
            handler.set();
            if first.elapsed() >= ONE_REQUEST {
                handler.exit();
            }
        })?;
        Ok(interrupt)
    }

    /// Whether the program was asked to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.state.set.load(Ordering::SeqCst)
    }

    /// Asks the program to end, like a first Ctrl-C.
    pub fn set(&self) {
        self.state.set.store(true, Ordering::SeqCst);
    }

    /// For `?` between two pieces of work.
    ///
    /// # Errors
    /// [`Interrupted`] when the program was asked to end.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_set() { Err(Interrupted) } else { Ok(()) }
    }

    /// Starts something that a hard exit must abort, and registers it for as long as the returned value lives.
    ///
    /// Starting and registering are one step: the program cannot exit between them, and nothing starts any more once it was
    /// asked to end.
    ///
    /// # Errors
    /// [`Interrupted`] instead of starting, or the error of `start`.
    pub fn guard<T, E>(&self, start: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Abort + 'static,
        E: From<Interrupted>,
    {
        let mut guarded = self.guarded();
        self.check()?;
        let started = Arc::new(start()?);
        let entry: Arc<dyn Abort> = started.clone();
        guarded.retain(|other| other.strong_count() > 0);
        guarded.push(Arc::downgrade(&entry));
        Ok(started)
    }

    fn guarded(&self) -> MutexGuard<'_, Vec<Weak<dyn Abort>>> {
        self.state.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the lock, so that nothing starts between the abort and the exit.
    fn exit(&self) -> ! {
        let guarded = self.guarded();
        for started in guarded.iter().filter_map(Weak::upgrade) {
            started.abort();
        }
        std::process::exit(i32::from(EXIT_STATUS))
    }
}

#[cfg(test)]
mod tests {
    use super::{Abort, Interrupt, Interrupted};

    #[derive(Debug)]
    struct Nothing;

    impl Abort for Nothing {
        fn abort(&self) {}
    }

    #[test]
    fn clones_share_one_state() {
        let interrupt = Interrupt::new();
        let clone = interrupt.clone();
        assert_eq!(clone.check(), Ok(()));
        interrupt.set();
        assert!(clone.is_set());
        assert_eq!(clone.check(), Err(Interrupted));
    }

    #[test]
    fn nothing_starts_after_an_interruption() {
        let interrupt = Interrupt::new();
        interrupt.set();
        let started = interrupt.guard(|| -> Result<Nothing, Interrupted> { panic!("it started") });
        assert!(matches!(started, Err(Interrupted)));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let interrupt = Interrupt::new();
        for _ in 0..3 {
            drop(interrupt.guard(|| Ok::<_, Interrupted>(Nothing)));
        }
        let _alive = interrupt.guard(|| Ok::<_, Interrupted>(Nothing));
        assert_eq!(interrupt.guarded().len(), 1);
    }
}
