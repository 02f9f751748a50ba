use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::TermLike;

use super::{Display, PASSED, Progress, printable, time};
use crate::smoke::{Exit, Failure, Observer, Outcome, Reason, Report, Skip, Step, StepKind, StepReport};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic").clone();
        console::strip_ansi_codes(&String::from_utf8(bytes).expect("UTF-8")).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal of 80 columns that remembers what can be seen on it.
#[derive(Debug, Clone, Default)]
struct Screen(Arc<Mutex<Cells>>);

#[derive(Debug, Default)]
struct Cells {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn text(&self) -> String {
        let cells = self.0.lock().expect("no panic");
        let lines: Vec<String> = cells.lines.iter().map(|line| line.iter().collect::<String>()).collect();
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    #[expect(clippy::unnecessary_wraps, reason = "what the methods of the trait return")]
    fn change(&self, change: impl FnOnce(&mut Cells)) -> io::Result<()> {
        change(&mut self.0.lock().expect("no panic"));
        Ok(())
    }
}

impl Cells {
    fn put(&mut self, text: &str) {
        for c in console::strip_ansi_codes(text).chars() {
            if c == '\r' {
                self.column = 0;
                continue;
            }
            if c == '\n' || self.column == 80 {
                self.row += 1;
                self.column = 0;
            }
            while self.lines.len() <= self.row {
                self.lines.push(Vec::new());
            }
            if c != '\n' {
                let line = &mut self.lines[self.row];
                line.resize(line.len().max(self.column + 1), ' ');
                line[self.column] = c;
                self.column += 1;
            }
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.row = cells.row.saturating_sub(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.row += n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.column += n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.column = cells.column.min(79).saturating_sub(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.change(|cells| cells.put(&format!("{text}\n")))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.change(|cells| cells.put(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.change(|cells| {
            cells.column = 0;
            if let Some(line) = cells.lines.get_mut(cells.row) {
                line.clear();
            }
        })
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn step(name: &str) -> Step {
    Step { name: name.into(), kind: StepKind::Command }
}

fn report(name: &str, outcome: Outcome, seconds: f64) -> StepReport {
    StepReport { step: step(name), outcome, seconds, log: Some(Path::new("/logs/x.log").into()) }
}

fn failure() -> Outcome {
    let reason = Reason::Failed { exit: Exit { code: Some(101), signal: None } };
    let tail = vec!["\u{1b}[31merror\u{1b}[0m: it broke".to_owned(), "\tthere".to_owned()];
    Outcome::Failed(Failure { message: reason.to_string(), reason, exit_code: Some(101), tail })
}

/// A smoke test that fails in its third step.
fn play(progress: &mut Progress) {
    let set = Outcome::Skipped(Skip::AlreadySet { variable: "DATABASE_URL".into() });
    progress.planned(&[step("PostgreSQL"), step("build"), step("test"), step("GET /")]);
    progress.finished(&report("PostgreSQL", set.clone(), 0.0));
    progress.started(&step("build"));
    progress.line("Compiling");
    progress.finished(&report("build", Outcome::Passed, 72.26));
    progress.started(&step("test"));
    progress.finished(&report("test", failure(), 12.34));
    let skipped = report("GET /", Outcome::Skipped(Skip::EarlierFailure), 0.0);
    progress.finished(&skipped);
    progress.conclude(
        "the smoke test",
        &Report {
            passed: false,
            seconds: 84.6,
            steps: vec![
                report("PostgreSQL", set, 0.0),
                report("build", Outcome::Passed, 72.26),
                report("test", failure(), 12.34),
                skipped,
            ],
        },
    );
}

const FAILURE: &str = "    ended with status 101
    error: it broke
        there
    the whole log: /logs/x.log
the smoke test failed: 1 passed, 1 failed, 2 not run in 1 min 25 s";

#[test]
fn without_a_terminal_each_step_is_a_line() {
    let buffer = Buffer::default();
    play(&mut Progress::to_writer(Box::new(buffer.clone()), false));
    let expected =
        format!("PostgreSQL … skipped, DATABASE_URL is set\nbuild … ok 1 min 12 s\ntest … failed 12.3 s\n{FAILURE}\n");
    assert_eq!(buffer.text(), expected);
}

#[test]
fn without_a_terminal_a_long_step_is_told_of_now_and_then() {
    let buffer = Buffer::default();
    let mut progress = Progress::to_writer(Box::new(buffer.clone()), false);
    progress.started(&step("build"));
    progress.tick();
    assert_eq!(buffer.text(), "build … ", "it is too early");
    if let Display::Plain { news, .. } = &mut progress.display {
        news.pause = Duration::ZERO;
    }
    progress.line("   Compiling\ta v1.0.0");
    progress.tick();
    progress.tick();
    progress.finished(&report("build", Outcome::Passed, 72.26));
    let told = "  0.0 s: Compiling    a v1.0.0\n";
    assert_eq!(buffer.text(), format!("build … \n{told}{told}build … ok 1 min 12 s\n"));

    let buffer = Buffer::default();
    let mut progress = Progress::to_writer(Box::new(buffer.clone()), true);
    if let Display::Plain { news, .. } = &mut progress.display {
        news.pause = Duration::ZERO;
    }
    progress.started(&step("build"));
    progress.tick();
    assert_eq!(buffer.text(), "");
}

#[test]
fn quiet_shows_failures_only() {
    let buffer = Buffer::default();
    play(&mut Progress::to_writer(Box::new(buffer.clone()), true));
    assert_eq!(buffer.text(), format!("test … failed 12.3 s\n{FAILURE}\n"));

    let buffer = Buffer::default();
    let mut progress = Progress::to_writer(Box::new(buffer.clone()), true);
    progress.started(&step("build"));
    progress.finished(&report("build", Outcome::Passed, 1.0));
    progress.conclude(
        "the smoke test",
        &Report { passed: true, seconds: 1.0, steps: vec![report("build", Outcome::Passed, 1.0)] },
    );
    drop(progress);
    assert_eq!(buffer.text(), "");
}

#[test]
fn a_long_list_tells_how_long_the_rest_takes() {
    let buffer = Buffer::default();
    let mut progress = Progress::to_writer(Box::new(buffer.clone()), false);
    progress.planned(&[step("none"), step("all")]);
    progress.started(&step("none"));
    progress.finished(&report("none", Outcome::Passed, 90.0));
    progress.set_left(Some(Duration::from_secs(90)));
    progress.started(&step("all"));
    progress.finished(&report("all", Outcome::Passed, 60.0));
    assert_eq!(buffer.text(), "none … ok 1 min 30 s\n[2/2, about 2 min left] all … ok 1 min 00 s\n");

    let screen = Screen::default();
    let mut progress = Progress::live(screen.clone());
    progress.set_left(Some(Duration::from_mins(1)));
    progress.started(&step("all"));
    assert!(screen.text().contains(" all  [1/1, about 1 min left] 0."), "{}", screen.text());
}

#[test]
fn an_interruption_ends_the_line() {
    let buffer = Buffer::default();
    let mut progress = Progress::to_writer(Box::new(buffer.clone()), false);
    progress.started(&step("build"));
    drop(progress);
    assert_eq!(buffer.text(), "build … \n");
}

#[test]
fn a_terminal_keeps_the_finished_steps_and_nothing_else() {
    let screen = Screen::default();
    play(&mut Progress::live(screen.clone()));
    let (passed, failed, skipped) = (PASSED, super::FAILED, super::SKIPPED);
    let expected = format!(
        "  {skipped} PostgreSQL  DATABASE_URL is set\n  {passed} build       1 min 12 s\n  {failed} test        12.3 s\n{FAILURE}"
    );
    assert_eq!(screen.text(), expected);
}

#[test]
fn a_terminal_shows_the_running_step_with_its_latest_line_in_one_row() {
    let screen = Screen::default();
    let mut progress = Progress::live(screen.clone());
    progress.planned(&[step("build"), step("test")]);
    progress.started(&step("build"));
    progress.line("first");
    progress.line(&format!("  \u{1b}[32mCompiling\u{1b}[0m {}", "x".repeat(200)));
    progress.line("");
    let text = screen.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains(" build  [1/2] 0."), "{text}");
    assert!(lines[1].starts_with("    Compiling xxx"), "{text}");
    assert!(lines[1].chars().count() <= 80, "{text}");
    drop(progress);
    assert_eq!(screen.text(), "", "an interruption leaves something");
}

#[test]
fn what_the_terminal_echoes_is_drawn_over() {
    let screen = Screen::default();
    let mut progress = Progress::live(screen.clone());
    for output in ["", "compiling"] {
        progress.started(&step("build"));
        progress.line(output);
        screen.change(|cells| cells.put("^C")).expect("no error");
        progress.finished(&report("build", Outcome::Passed, 1.0));
    }
    let line = format!("  {PASSED} build  1.0 s");
    assert_eq!(screen.text(), format!("{line}\n{line}"));
}

#[test]
fn times_are_for_people() {
    assert_eq!(time(0.04), "0.0 s");
    assert_eq!(time(59.94), "59.9 s");
    assert_eq!(time(59.96), "1 min 00 s");
    assert_eq!(time(3725.0), "62 min 05 s");
}

#[test]
fn programs_cannot_move_the_cursor() {
    assert_eq!(printable("a\u{1b}[2Jb\u{7}\u{8}\tc\u{1b}]0;title\u{7}d"), "ab    cd");
}
