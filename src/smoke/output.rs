//! The output of a process: into its log, into its tail, and line by line to whoever listens.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::error::Error;
use super::report::TAIL;

/// Longer lines are split: a process that never ends a line must not fill the memory.
const LONGEST_LINE: usize = 8 * 1024;

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// A line without its end; bytes that are not UTF-8 are replaced.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) stream: Stream,
    pub(super) text: String,
}

/// The log of one process, shared by the readers of its two streams.
#[derive(Clone)]
pub(super) struct Log {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

struct State {
    file: File,
    tail: VecDeque<String>,
    error: Option<io::Error>,
}

impl Log {
    /// Begins the log anew with the command line, as a shell would show it.
    pub(super) fn create(path: &Path, command: &str) -> Result<Self, Error> {
        let begin = || {
            let mut file = File::create(path)?;
            writeln!(file, "$ {command}")?;
            Ok(file)
        };
        let file = begin().map_err(|source| Error::Log { path: path.to_owned(), source })?;
        let state = State { file, tail: VecDeque::with_capacity(TAIL), error: None };
        Ok(Self { path: path.to_owned(), state: Arc::new(Mutex::new(state)) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines, oldest first.
    pub(super) fn tail(&self) -> Vec<String> {
        self.state().tail.iter().cloned().collect()
    }

    /// Fails when a reader could not write the log, for instance because the disk is full.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.state().error.take() {
            Some(source) => Err(Error::Log { path: self.path.clone(), source }),
            None => Ok(()),
        }
    }

    fn push(&self, bytes: &[u8], text: &str) {
        let mut state = self.state();
        if let Err(error) = state.file.write_all(bytes) {
            state.error.get_or_insert(error);
        }
        if state.tail.len() == TAIL {
            state.tail.pop_front();
        }
        state.tail.push_back(text.to_owned());
    }

    fn fail(&self, error: io::Error) {
        self.state().error.get_or_insert(error);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a stream to its end in a thread of its own. When nobody receives the lines any more, it goes on for the log.
pub(super) fn read(
    stream: Stream,
    mut input: impl Read + Send + 'static,
    log: Log,
    lines: SyncSender<Line>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut splitter = Splitter::default();
        let mut pass_on = |bytes: &[u8], lasts: bool| {
            let text = text(bytes);
            if lasts {
                log.push(bytes, &text);
            }
            let _ = lines.send(Line { stream, text });
        };
        let mut buffer = vec![0; LONGEST_LINE];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => splitter.feed(&buffer[..length], &mut pass_on),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    log.fail(error);
                    break;
                }
            }
        }
        splitter.finish(&mut pass_on);
    })
}

/// Splits output into lines as a terminal would show them. What ends with a carriage return, such as cargo's progress bar, is
/// seen at once, but does not last: what follows overwrites it.
#[derive(Default)]
struct Splitter {
    line: Vec<u8>,
    /// The line so far ends with a carriage return, and nobody knows yet whether a line feed follows.
    returned: bool,
}

impl Splitter {
    /// Calls `pass_on` with each line and whether it lasts.
    fn feed(&mut self, bytes: &[u8], pass_on: &mut impl FnMut(&[u8], bool)) {
        for part in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            if self.returned && !matches!(part, b"\n" | b"\r") {
                self.line.clear();
            }
            self.returned = part.ends_with(b"\r");
            let mut part = part;
            while self.line.len() + part.len() > LONGEST_LINE {
                let (head, tail) = part.split_at(LONGEST_LINE - self.line.len());
                self.line.extend_from_slice(head);
                pass_on(&self.line, true);
                self.line.clear();
                part = tail;
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                pass_on(&self.line, true);
                self.line.clear();
            } else if self.returned {
                pass_on(&self.line, false);
            }
        }
    }

    /// A progress bar at the very end is not a line either: cargo leaves one behind when a build fails.
    fn finish(self, pass_on: &mut impl FnMut(&[u8], bool)) {
        if !self.line.is_empty() && !self.returned {
            pass_on(&self.line, true);
        }
    }
}

/// The line without its end.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::mpsc::sync_channel;

    use super::{LONGEST_LINE, Log, Splitter, Stream, TAIL, read, text};

    /// The lines that last, and with a `~` those that do not, whatever the pieces in which they arrive.
    fn split(bytes: &[u8]) -> Vec<String> {
        let split = |size: usize| {
            let mut seen = Vec::new();
            let mut pass_on =
                |line: &[u8], lasts: bool| seen.push(format!("{}{}", if lasts { "" } else { "~" }, text(line)));
            let mut splitter = Splitter::default();
            for piece in bytes.chunks(size) {
                splitter.feed(piece, &mut pass_on);
            }
            splitter.finish(&mut pass_on);
            seen
        };
        let whole = split(bytes.len());
        assert_eq!(split(1), whole);
        assert_eq!(split(3), whole);
        whole
    }

    #[test]
    fn a_line_is_what_a_terminal_would_show() {
        assert_eq!(split(b"plain\n\nnext"), ["plain", "", "next"]);
        assert_eq!(split(b"10 %\r50 %\r   100 %\nnext\n"), ["~10 %", "~50 %", "   100 %", "next"]);
        assert_eq!(split(b"windows\r\nnext\r\n"), ["~windows", "windows", "~next", "next"]);
        assert_eq!(split(b"odd\r\r\nat the end\r"), ["~odd", "~odd", "odd", "~at the end"]);
        assert_eq!(split(b"\xff\xfe ok\n"), ["\u{fffd}\u{fffd} ok"]);
    }

    #[test]
    fn the_log_has_every_lasting_byte_and_the_tail_the_last_lines() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.log");
        let log = Log::create(&path, "seq 100").expect("a log");
        let (sender, receiver) = sync_channel(1);
        drop(receiver);
        let mut input: Vec<u8> = (1..=100).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        input.extend_from_slice(b"\xff no line end");
        read(Stream::Out, Cursor::new(input.clone()), log.clone(), sender).join().expect("no panic");
        let tail = log.tail();
        assert_eq!(tail.len(), TAIL);
        assert_eq!(tail.first().map(String::as_str), Some("72"));
        assert_eq!(tail.last().map(String::as_str), Some("\u{fffd} no line end"));
        let written = std::fs::read(&path).expect("the log");
        assert_eq!(written, [b"$ seq 100\n".as_slice(), &input].concat());
    }

    #[test]
    fn a_line_without_an_end_is_split() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Log::create(&folder.path().join("x.log"), "yes").expect("a log");
        let (sender, receiver) = sync_channel(8);
        read(Stream::Err, Cursor::new(vec![b'y'; LONGEST_LINE * 2 + 1]), log, sender).join().expect("no panic");
        let lengths: Vec<usize> = receiver.iter().map(|line| line.text.len()).collect();
        assert_eq!(lengths, [8192, 8192, 1]);
    }
}
