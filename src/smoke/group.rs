//! A process and whatever it has started, to be ended together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use process_wrap::std::ChildWrapper;

use crate::interrupt::Abort;

/// How long killed processes may take to disappear. They are gone at once, unless they hang in the kernel.
const LIMIT: Duration = Duration::from_secs(2);

/// The lock is held for moments only: [`Abort::abort`] must not wait.
pub(super) struct Group(Mutex<Members>);

struct Members {
    child: Box<dyn ChildWrapper>,
    /// No process is left. The system may use the number of the group for another one now.
    gone: bool,
}

impl Group {
    pub(super) fn new(child: Box<dyn ChildWrapper>) -> Self {
        Self(Mutex::new(Members { child, gone: false }))
    }

    /// Does something that does not wait with the process itself.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut dyn ChildWrapper) -> T) -> T {
        act(&mut *self.members().child)
    }

    /// Kills again until nobody is left to be killed: a process may have been starting another one.
    pub(super) fn end(&self) {
        let start = Instant::now();
        while !self.members().kill() && start.elapsed() < LIMIT {
            thread::sleep(Duration::from_millis(1));
        }
        self.members().gone = true;
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

impl Abort for Group {
    fn abort(&self) {
        self.members().kill();
    }
}

impl Members {
    /// Kills all of them; true when there is none.
    fn kill(&mut self) -> bool {
        if self.gone {
            return true;
        }
        let killed = self.child.start_kill();
        // Reaps the process: until then it would count as a member.
        let status = self.child.try_wait();
        let ended = matches!(status, Ok(Some(_)) | Err(_));
        self.gone = if cfg!(unix) { killed.is_err() || ended && all_dead(self.child.id()) } else { ended };
        self.gone
    }
}

/// Whether the group has dead members only. Orphans are reaped by the init process, and many a container has one that takes
/// its time or never does it.
#[cfg(target_os = "linux")]
fn all_dead(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let alive = processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        is_alive_in(&stat, group)
    });
    !alive
}

#[cfg(not(target_os = "linux"))]
fn all_dead(_: u32) -> bool {
    false
}

/// Reads a line of `/proc/PID/stat`: the number, the name in parentheses, the state, the parent, the group, …
#[cfg(target_os = "linux")]
fn is_alive_in(stat: &str, group: u32) -> bool {
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let (state, process_group) = (fields.next(), fields.nth(1));
    process_group.and_then(|number| number.parse().ok()) == Some(group) && !matches!(state, Some("Z" | "X"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::is_alive_in;

    #[test]
    fn the_dead_do_not_count() {
        assert!(is_alive_in("12 (a (b) c) S 1 40 40 0 -1", 40));
        assert!(!is_alive_in("12 (a (b) c) Z 1 40 40 0 -1", 40));
        assert!(!is_alive_in("12 (a (b) c) S 1 41 40 0 -1", 40));
        assert!(!is_alive_in("", 40));
    }
}
