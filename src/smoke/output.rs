//! The output of a process: into its log, into its tail, and line by line to whoever listens.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::error::Error;
use super::report::TAIL;

/// Longer lines are split: a process that never ends a line must not fill the memory.
const LONGEST_LINE: u64 = 8 * 1024;

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
    input: impl Read + Send + 'static,
    log: Log,
    lines: SyncSender<Line>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {
                    let text = text(&bytes);
                    log.push(&bytes, &text);
                    let _ = lines.send(Line { stream, text });
                }
                Err(error) => {
                    log.fail(error);
                    break;
                }
            }
        }
    })
}

/// What a terminal would show of a line: nothing of what a carriage return has overwritten.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    text.rsplit('\r').next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read};
    use std::sync::mpsc::sync_channel;

    use super::{LONGEST_LINE, Log, Stream, TAIL, read, text};

    #[test]
    fn a_line_is_what_a_terminal_would_show() {
        assert_eq!(text(b"plain\n"), "plain");
        assert_eq!(text(b"windows\r\n"), "windows");
        assert_eq!(text(b"10 %\r50 %\r100 %\n"), "100 %");
        assert_eq!(text(b"\xff\xfe ok\n"), "\u{fffd}\u{fffd} ok");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn the_log_has_every_byte_and_the_tail_the_last_lines() {
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
        read(Stream::Err, io::repeat(b'y').take(LONGEST_LINE * 2 + 1), log, sender).join().expect("no panic");
        let lengths: Vec<usize> = receiver.iter().map(|line| line.text.len()).collect();
        assert_eq!(lengths, [8192, 8192, 1]);
    }
}
