//! The smoke test as a person follows it: a list of steps that grows, on standard error.
//!
//! On a terminal, the running step has a spinner, its time and the latest line of its output beneath. Elsewhere each step is
//! one line. With `--quiet` only failures are shown. Colours are only decoration, and obey the switch of [`console`].

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use console::{Emoji, StyledObject, Term};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::steady::{Hold, Steady};
use crate::smoke::{Failure, Observer, Outcome, Report, Skip, Step, StepReport};

const PASSED: Emoji<'_, '_> = Emoji("✓", "+");
const FAILED: Emoji<'_, '_> = Emoji("✗", "x");
const SKIPPED: Emoji<'_, '_> = Emoji("–", "-");

/// How often the spinner turns and the time counts.
const TICK: Duration = Duration::from_millis(100);

/// The output of the running step stands this far to the right.
const INDENT: u16 = 4;

const DRAWINGS_PER_SECOND: u8 = 20;

/// How often a step that takes long is told of where nothing moves.
const PAUSE: Duration = Duration::from_secs(30);

/// How long a line may be where there is no terminal.
const COLUMNS: u16 = 80;

/// Names up to this width share a column, after which the times stand.
const COLUMN: usize = 44;

/// Shows a smoke test. Dropping it removes what is not finished, so that an interruption leaves a clean screen.
pub struct Progress {
    display: Display,
    /// Paths below it are shown relative to it.
    folder: Option<PathBuf>,
    column: usize,
    planned: usize,
    finished: usize,
    /// How long the rest takes, where somebody can tell.
    left: Option<Duration>,
}

enum Display {
    Live { bars: MultiProgress, hold: Hold, columns: u16, running: Option<Running> },
    Plain { out: Box<dyn Write + Send>, quiet: bool, line_is_open: bool, news: News },
}

/// What is told of a running step where nothing moves.
struct News {
    /// How often it is told.
    pause: Duration,
    begun: Instant,
    told: Instant,
    /// The latest line of its output.
    latest: String,
}

struct Running {
    step: ProgressBar,
    output: ProgressBar,
    hold: Hold,
}

impl Progress {
    /// Shows it on standard error: live on a terminal, one line a step elsewhere, only failures when `quiet`.
    #[must_use]
    pub fn stderr(quiet: bool) -> Self {
        // indicatif knows which terminals can do it: a dumb one cannot.
        if quiet || ProgressDrawTarget::stderr().is_hidden() {
            Self::to_writer(Box::new(io::stderr()), quiet)
        } else {
            Self::live(Term::buffered_stderr())
        }
    }

    /// Shows one line a step, or only failures when `quiet`. What cannot be written is lost: it must not fail the project.
    #[must_use]
    pub fn to_writer(out: Box<dyn Write + Send>, quiet: bool) -> Self {
        Self::new(Display::Plain { out, quiet, line_is_open: false, news: News::new() })
    }

    fn live(terminal: impl TermLike + 'static) -> Self {
        let hold = Hold::default();
        let columns = terminal.width().saturating_sub(INDENT);
        let terminal = Steady::new(terminal, hold.clone());
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), DRAWINGS_PER_SECOND);
        Self::new(Display::Live { bars: MultiProgress::with_draw_target(target), hold, columns, running: None })
    }

    fn new(display: Display) -> Self {
        Self { display, folder: env::current_dir().ok(), column: 0, planned: 0, finished: 0, left: None }
    }

    /// Tells how long the rest takes, from the next step on.
    pub fn set_left(&mut self, left: Option<Duration>) {
        self.left = left;
    }

    /// Ends the list with one line: how `what` went, how many steps passed, failed and were left out, and how long it all
    /// took.
    pub fn conclude(&mut self, what: &str, report: &Report) {
        let (passed, failed, skipped) = report.counts();
        let time = time(report.seconds);
        let verdict = if report.passed { green(format!("{what} passed")) } else { red(format!("{what} failed")) };
        let mut line = format!("{}: {passed} passed", verdict.bold());
        for (count, word) in [(failed, "failed"), (skipped, "not run")] {
            if count > 0 {
                let _ = write!(line, ", {count} {word}");
            }
        }
        let _ = write!(line, " in {time}");
        if !(self.is_quiet() && report.passed) {
            self.print(&line);
        }
    }

    /// Whether it is drawn; its last line is not ended then.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.display, Display::Live { .. })
    }

    fn is_quiet(&self) -> bool {
        matches!(self.display, Display::Plain { quiet: true, .. })
    }

    /// Prints whole lines above whatever is running.
    fn print(&mut self, text: &str) {
        let _ = match &mut self.display {
            Display::Live { bars, .. } => bars.println(text),
            Display::Plain { out, .. } => writeln!(out, "{text}").and_then(|()| out.flush()),
        };
    }

    fn failure(&mut self, failure: &Failure, log: Option<&Path>) {
        let mut text = failure.message.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "    {}", red(&printable(line)));
            text
        });
        for line in &failure.tail {
            let _ = writeln!(text, "    {}", printable(line));
        }
        if let Some(log) = log {
            let log = self.folder.as_ref().and_then(|folder| log.strip_prefix(folder).ok()).unwrap_or(log);
            let _ = writeln!(text, "    {} {}", bold("the whole log:"), log.display());
        }
        self.print(text.trim_end_matches('\n'));
    }

    /// The line of a step that is not running any more.
    fn entry(&self, mark: &StyledObject<Emoji<'_, '_>>, report: &StepReport) -> String {
        let name = printable(&report.step.name);
        let name = console::pad_str(&name, self.column, console::Alignment::Left, None);
        let rest = match &report.outcome {
            Outcome::Skipped(skip) => skip.to_string(),
            Outcome::Passed | Outcome::Failed(_) => time(report.seconds),
        };
        format!("  {mark} {name}  {}", dim(&rest))
    }
}

impl Observer for Progress {
    fn planned(&mut self, steps: &[Step]) {
        let width = |step: &Step| console::measure_text_width(&printable(&step.name));
        self.column = steps.iter().map(width).filter(|width| *width <= COLUMN).max().unwrap_or(0);
        self.planned = steps.len();
    }

    fn started(&mut self, step: &Step) {
        let name = printable(&step.name);
        let number = self.finished + 1;
        let left = self
            .left
            .map_or_else(String::new, |left| format!(", about {} min left", left.as_secs().div_ceil(60).max(1)));
        let count = format!("[{number}/{}{left}]", self.planned.max(number));
        match &mut self.display {
            Display::Live { bars, hold, running, .. } => {
                *running = Some(Running::new(bars, hold.clone(), &name, &count));
            }
            Display::Plain { quiet: true, .. } => {}
            Display::Plain { out, line_is_open, news, .. } => {
                *news = News { pause: news.pause, ..News::new() };
                let count = if left.is_empty() { String::new() } else { format!("{count} ") };
                let _ = write!(out, "{count}{name} … ").and_then(|()| out.flush());
                *line_is_open = true;
            }
        }
    }

    fn line(&mut self, line: &str) {
        let line = printable(line);
        let line = line.trim();
        match &mut self.display {
            _ if line.is_empty() => {}
            Display::Live { running: Some(running), .. } => running.output.set_message(dim(line).to_string()),
            Display::Live { running: None, .. } => {}
            Display::Plain { news, .. } => line.clone_into(&mut news.latest),
        }
    }

    fn tick(&mut self) {
        if let Display::Plain { out, quiet: false, line_is_open, news } = &mut self.display
            && news.told.elapsed() >= news.pause
        {
            news.told = Instant::now();
            let begin = if mem::take(line_is_open) { "\n" } else { "" };
            let time = time(news.begun.elapsed().as_secs_f64());
            let _ = writeln!(out, "{begin}  {time}: {}", news.latest).and_then(|()| out.flush());
        }
    }

    fn columns(&self) -> u16 {
        match self.display {
            Display::Live { columns, .. } => columns,
            Display::Plain { .. } => COLUMNS,
        }
    }

    fn finished(&mut self, report: &StepReport) {
        self.finished += 1;
        let mark = match &report.outcome {
            Outcome::Passed => green(PASSED),
            Outcome::Failed(_) => red(FAILED).bold(),
            Outcome::Skipped(Skip::AlreadySet { .. } | Skip::NoSignals) => dim(SKIPPED),
            // The failure before it says enough, and the last line counts them.
            Outcome::Skipped(Skip::EarlierFailure | Skip::NotRunning) => return,
        };
        let line = self.entry(&mark, report);
        match &mut self.display {
            Display::Live { running, .. } => {
                *running = None;
                self.print(&line);
            }
            Display::Plain { out, quiet, line_is_open, .. } => {
                let name = printable(&report.step.name);
                let begin = if *line_is_open { String::new() } else { format!("{name} … ") };
                let line = match &report.outcome {
                    Outcome::Passed => format!("{begin}ok {}", time(report.seconds)),
                    Outcome::Failed(_) => format!("{begin}{} {}", red("failed").bold(), time(report.seconds)),
                    Outcome::Skipped(skip) => format!("{begin}skipped, {skip}"),
                };
                *line_is_open = false;
                if !*quiet || matches!(report.outcome, Outcome::Failed(_)) {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
        if let Outcome::Failed(failure) = &report.outcome {
            self.failure(failure, report.log.as_deref());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Plain { out, line_is_open: true, .. } = &mut self.display {
            let _ = writeln!(out);
        }
    }
}

impl News {
    fn new() -> Self {
        let now = Instant::now();
        Self { pause: PAUSE, begun: now, told: now, latest: String::new() }
    }
}

impl Running {
    fn new(bars: &MultiProgress, hold: Hold, name: &str, count: &str) -> Self {
        hold.set(true);
        let spinner = if PASSED.to_string() == "✓" { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
        let line = |template: &str| {
            ProgressStyle::with_template(template)
                .expect("a template without variables of its own")
                .tick_chars(spinner)
                .with_key("time", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = out.write_str(&time(state.elapsed().as_secs_f64()));
                })
        };
        let step = bars.add(ProgressBar::new_spinner());
        step.set_style(line("  {spinner} {msg} {time}"));
        let name = console::truncate_str(name, COLUMN, "…");
        step.set_message(format!("{}  {}", bold(name), dim(count)));
        step.enable_steady_tick(TICK);
        // A line without text is a line for the cursor to stand in all the same.
        let output = bars.add(ProgressBar::new_spinner());
        output.set_style(line("    {wide_msg}"));
        Self { step, output, hold }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.hold.set(false);
        self.output.finish_and_clear();
        self.step.finish_and_clear();
    }
}

/// What may be shown of a line that a program printed: no escape sequences, no control characters.
fn printable(line: &str) -> String {
    let plain: Cow<'_, str> = console::strip_ansi_codes(line);
    plain.replace('\t', "    ").chars().filter(|c| !c.is_control()).collect()
}

/// Seconds for people: `0.4 s`, `12.3 s`, `1 min 02 s`.
#[must_use]
pub fn time(seconds: f64) -> String {
    // From here on the tenths would round up to a whole minute.
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = Duration::from_secs_f64(seconds.round()).as_secs();
    format!("{} min {:02} s", whole / 60, whole % 60)
}

fn style<T>(text: T) -> StyledObject<T> {
    console::style(text).for_stderr()
}

fn bold<T>(text: T) -> StyledObject<T> {
    style(text).bold()
}

fn dim<T>(text: T) -> StyledObject<T> {
    style(text).dim()
}

fn green<T>(text: T) -> StyledObject<T> {
    style(text).green()
}

fn red<T>(text: T) -> StyledObject<T> {
    style(text).red()
}

#[cfg(test)]
mod tests;
