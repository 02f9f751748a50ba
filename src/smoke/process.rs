//! A child process with everything that it starts: one process group on unix, one job object on Windows.
//!
//! However a smoke test ends, the whole group ends with it: [`Process`] kills it when it is dropped, also by a panic, and
//! [`Interrupt`] kills it when the program exits without unwinding.

use std::io;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::error::Error;
use super::output::{self, Line, Log, Stream};
use super::report::Exit;
use crate::interrupt::{Abort, Interrupt, Interrupted};

/// How often a waiting loop looks around; an interruption is noticed this soon.
const POLL: Duration = Duration::from_millis(20);

/// How long killed processes may take to disappear. They are gone at once, unless they hang in the kernel or nobody reaps
/// them, as in a container without an init process.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// How many lines may wait for the observer before the process has to.
const BACKLOG: usize = 1024;

/// SIGTERM has this number on every unix.
#[cfg(unix)]
const SIGTERM: i32 = 15;

/// What a process gets as standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing.
    Null,
    /// A pipe that says nothing and stays open until [`Process::close_input`].
    Held,
}

/// A running process and its output.
pub(super) struct Process {
    command: String,
    group: Arc<Group>,
    input: Option<ChildStdin>,
    log: Log,
    lines: Option<Receiver<Line>>,
    readers: Vec<JoinHandle<()>>,
}

/// Why there is no process.
pub(super) enum SpawnError {
    /// The system does not start it.
    Start(io::Error),
    /// There is a reason to give up altogether.
    Run(Error),
}

impl From<Interrupted> for SpawnError {
    fn from(interrupted: Interrupted) -> Self {
        Self::Run(interrupted.into())
    }
}

/// What the closure of [`Process::watch`] is called with.
pub(super) enum Event<'a> {
    /// The process printed a line.
    Line(&'a Line),
    /// A little time has passed.
    Tick,
}

/// Why [`Process::watch`] stopped watching.
pub(super) enum Watched<T> {
    /// The closure returned something.
    Done(T),
    /// The process ended; what was left of its group has been killed.
    Exited(Exit),
    /// The time is over; the process is still running.
    TimedOut,
}

impl Process {
    /// Starts a process in a group of its own, with its output going to a log at `path`.
    pub(super) fn spawn(
        mut command: Command,
        title: &str,
        input: Input,
        path: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self, SpawnError> {
        let log = Log::create(path, title).map_err(SpawnError::Run)?;
        command.stdin(match input {
            Input::Null => Stdio::null(),
            Input::Held => Stdio::piped(),
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);

        let group = interrupt.guard(|| match command.spawn() {
            Ok(child) => Ok(Group(Mutex::new(Members { child, gone: false }))),
            Err(error) => Err(SpawnError::Start(error)),
        })?;
        let (sender, lines) = sync_channel(BACKLOG);
        let (stdin, stdout, stderr) = {
            let mut members = group.members();
            (members.child.stdin().take(), members.child.stdout().take(), members.child.stderr().take())
        };
        let stdout = stdout.map(|stdout| output::read(Stream::Out, stdout, log.clone(), sender.clone()));
        let stderr = stderr.map(|stderr| output::read(Stream::Err, stderr, log.clone(), sender));
        let readers = stdout.into_iter().chain(stderr).collect();
        Ok(Self { command: title.to_owned(), group, input: stdin, log, lines: Some(lines), readers })
    }

    /// Waits until `on` returns something, the process ends, or the time is over.
    ///
    /// # Errors
    /// When it is interrupted, when the log cannot be written, when the system does not tell how the process is doing. The
    /// caller drops the process then, which kills it.
    pub(super) fn watch<T>(
        &mut self,
        interrupt: &Interrupt,
        limit: Duration,
        mut on: impl FnMut(Event<'_>) -> Option<T>,
    ) -> Result<Watched<T>, Error> {
        let start = Instant::now();
        loop {
            interrupt.check()?;
            self.log.check()?;
            if let Some(exit) = self.exit()? {
                self.end(|line| {
                    on(Event::Line(line));
                });
                self.log.check()?;
                return Ok(Watched::Exited(exit));
            }
            if let Some(result) = self.pass_on(&mut on).or_else(|| on(Event::Tick)) {
                return Ok(Watched::Done(result));
            }
            if start.elapsed() >= limit {
                return Ok(Watched::TimedOut);
            }
        }
    }

    /// Waits for a line for at most [`POLL`], then passes on what is there, but no more than a backlog: a process that
    /// prints without a pause must not keep the loop from looking around.
    fn pass_on<T>(&mut self, on: &mut impl FnMut(Event<'_>) -> Option<T>) -> Option<T> {
        let Some(lines) = &self.lines else {
            thread::sleep(POLL);
            return None;
        };
        let mut next = match lines.recv_timeout(POLL) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Both streams are closed: usually the process is about to end, so look soon.
                thread::sleep(POLL / 10);
                None
            }
        };
        for _ in 0..BACKLOG {
            if let Some(result) = on(Event::Line(&next?)) {
                return Some(result);
            }
            next = lines.try_recv().ok();
        }
        None
    }

    /// How the process ended, if it has; does not wait.
    pub(super) fn exit(&self) -> Result<Option<Exit>, Error> {
        let status = self.group.members().child.try_wait();
        status.map(|status| status.map(Exit::from)).map_err(|source| self.control_error(source))
    }

    /// Kills the process with everything that it started and waits until it is gone.
    pub(super) fn kill(&mut self) {
        self.end(|_| {});
    }

    /// Asks the process itself, not its group, to end: what it started is its own to stop.
    #[cfg(unix)]
    pub(super) fn terminate(&self) -> Result<(), Error> {
        let members = self.group.members();
        members.child.inner().signal(SIGTERM).map_err(|source| self.control_error(source))
    }

    /// Closes the standard input that was held open.
    pub(super) fn close_input(&mut self) {
        self.input = None;
    }

    /// From now on the output goes to the log alone, and nobody needs to watch the process for it to go on.
    pub(super) fn detach_output(&mut self) {
        self.lines = None;
    }

    /// The last lines that the process printed, oldest first.
    pub(super) fn tail(&self) -> Vec<String> {
        self.log.tail()
    }

    /// The path of the log.
    pub(super) fn log(&self) -> &Path {
        self.log.path()
    }

    /// Ends the group, then reads its output to the end, unless a process that has left the group keeps it open.
    fn end(&mut self, mut on: impl FnMut(&Line)) {
        self.group.end();
        let start = Instant::now();
        loop {
            let finished = self.readers.iter().all(JoinHandle::is_finished);
            if let Some(lines) = &self.lines {
                for line in lines.try_iter() {
                    on(&line);
                }
            }
            if finished || start.elapsed() >= KILL_LIMIT {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn control_error(&self, source: io::Error) -> Error {
        Error::Control { command: self.command.clone(), source }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A reader that waits for the observer goes on for the log, so that the process never hangs on its output.
        self.lines = None;
        self.group.end();
    }
}

/// A process and whatever it has started. The lock is held for moments only: [`Abort::abort`] must not wait.
struct Group(Mutex<Members>);

struct Members {
    child: Box<dyn ChildWrapper>,
    /// No process is left. The system may use the number of the group for another one now.
    gone: bool,
}

impl Group {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills again until nobody is left to be killed: a process may have been starting another one.
    fn end(&self) {
        let start = Instant::now();
        while !self.members().kill() && start.elapsed() < KILL_LIMIT {
            thread::sleep(Duration::from_millis(1));
        }
        self.members().gone = true;
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
        self.gone = if cfg!(unix) { killed.is_err() } else { matches!(status, Ok(Some(_)) | Err(_)) };
        self.gone
    }
}

impl Abort for Group {
    fn abort(&self) {
        self.members().kill();
    }
}
