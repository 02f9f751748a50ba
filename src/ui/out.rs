//! Where words go: what a command was asked to print to standard output, everything else to standard error.

use std::io::{self, Write};

use console::{Style, style};

/// The two streams, and how much to say.
pub struct Out {
    data: Box<dyn Write>,
    talk: Box<dyn Write>,
    quiet: bool,
}

impl Out {
    /// The program's own streams.
    #[must_use]
    pub fn standard(quiet: bool) -> Self {
        Self { data: Box::new(io::stdout()), talk: Box::new(io::stderr()), quiet }
    }

    /// Whether only failures are told.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints what the command was asked for, and a line end.
    ///
    /// # Errors
    /// As [`Out::raw`].
    pub fn data(&mut self, text: impl std::fmt::Display) -> io::Result<()> {
        self.raw(format!("{text}\n").as_bytes())
    }

    /// Prints the bytes of a document as they are.
    ///
    /// # Errors
    /// Where they cannot be written, but not where a reader such as `head` has seen enough.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.data.write_all(bytes).and_then(|()| self.data.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(io::Error::new(error.kind(), format!("failed to write to standard output: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints JSON, one document, indented.
    ///
    /// # Errors
    /// As [`Out::raw`].
    pub fn json(&mut self, value: &serde_json::Value) -> io::Result<()> {
        self.data(format_args!("{value:#}"))
    }

    /// Tells people something, unless they want quiet.
    pub fn say(&mut self, text: impl std::fmt::Display) {
        if !self.quiet {
            // Where nobody can hear, there is nobody to tell about it.
            let _ = writeln!(self.talk, "{text}");
        }
    }

    /// Points something out that is no error.
    pub fn note(&mut self, text: impl std::fmt::Display) {
        let label = style("note:").for_stderr().cyan().bold();
        self.say(format_args!("{label} {text}"));
    }

    /// Tells that somebody stopped the program, which is no error.
    pub fn stopped(&mut self, why: &str) {
        self.say(why);
    }

    /// Tells what went wrong, also to those who want quiet.
    pub fn error(&mut self, message: &str, causes: &[String], hint: Option<&str>) {
        let label = Style::new().for_stderr().red().bold().apply_to("error:");
        let _ = writeln!(self.talk, "{label} {message}");
        for cause in causes {
            let _ = writeln!(self.talk, "  {cause}");
        }
        if let Some(hint) = hint {
            let _ = writeln!(self.talk, "{} {hint}", Style::new().for_stderr().cyan().bold().apply_to("hint:"));
        }
    }
}
