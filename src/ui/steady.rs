//! A terminal on which Ctrl-C does not tear a running display apart.
//!
//! indicatif fills its last line with blanks, which leaves the cursor at the right edge. What the terminal then echoes, such
//! as `^C`, goes to the next line, and every later drawing is off by one. Here the cursor waits behind the text instead.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::TermLike;

/// Wraps a terminal.
#[derive(Debug)]
pub(super) struct Steady<T> {
    terminal: T,
    hold: Hold,
    /// What was written since the last flush.
    held: Mutex<String>,
}

/// Set while the last line on the screen belongs to a running display. Otherwise the cursor must go to the right edge, where
/// indicatif wants it for what comes next.
#[derive(Debug, Clone, Default)]
pub(super) struct Hold(Arc<AtomicBool>);

impl Hold {
    pub(super) fn set(&self, hold: bool) {
        self.0.store(hold, Ordering::SeqCst);
    }
}

impl<T: TermLike> Steady<T> {
    pub(super) fn new(terminal: T, hold: Hold) -> Self {
        Self { terminal, hold, held: Mutex::default() }
    }

    fn take(&self) -> String {
        mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn release(&self) -> io::Result<()> {
        match self.take() {
            held if held.is_empty() => Ok(()),
            held => self.terminal.write_str(&held),
        }
    }
}

impl<T: TermLike> TermLike for Steady<T> {
    fn width(&self) -> u16 {
        self.terminal.width()
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.release()?;
        self.terminal.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.release()?;
        self.terminal.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.release()?;
        self.terminal.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.release()?;
        self.terminal.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.release()?;
        self.terminal.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.release()?;
        self.terminal.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        let held = self.take();
        let text = held.trim_end_matches(' ');
        let blanks = held.len() - text.len();
        self.terminal.write_str(&held)?;
        if self.hold.0.load(Ordering::SeqCst) && blanks > 0 {
            // At the right edge the cursor stands on the last column, not behind it.
            self.terminal.move_cursor_left(blanks - 1)?;
        }
        self.terminal.flush()
    }
}
