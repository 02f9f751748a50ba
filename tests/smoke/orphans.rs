//! Nothing survives a smoke test, however it ends.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use neoforge::interrupt::Interrupt;
use neoforge::smoke::{Error, Limits, Observer};

use crate::fixture;
use crate::harness::{Project, failure, is_alive, outcomes, script};

/// Starts a grandchild that ignores polite signals, tells its number, and goes on with `then`.
fn family(then: &str) -> String {
    format!("(trap '' TERM INT HUP; exec sleep 1000) & echo $! > pid; echo started; {then}")
}

struct OnLine<F>(F);

impl<F: FnMut()> Observer for OnLine<F> {
    fn line(&mut self, line: &str) {
        if line == "started" {
            (self.0)();
        }
    }
}

#[test]
fn nothing_survives_a_failure_or_a_success() {
    for (then, outcome) in [("exit 1", "failed family"), ("exit 0", "passed family")] {
        let project = Project::new().steps(vec![script("family", &family(then))]);
        assert_eq!(outcomes(&project.run()), [outcome]);
        assert!(!project.is_alive("pid"));
    }
}

#[test]
fn nothing_survives_a_step_that_hangs() {
    let mut project = Project::new().steps(vec![script("family", &family("wait"))]);
    project.proof.limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    let report = project.run();
    assert_eq!(
        failure(&report, "family").message,
        "printed nothing for 2 s and was killed: it hangs, or waits for something"
    );
    assert_eq!(failure(&report, "family").tail, ["started"]);
    assert!(!project.is_alive("pid"));
}

#[test]
fn nothing_survives_an_interruption() {
    let project = Project::new()
        .service("echo $$ > service; echo ready; cat; echo stopped > stopped.txt")
        .steps(vec![script("family", &family("wait")), script("next", "touch next")]);
    let interrupt = Interrupt::new();
    let result = neoforge::smoke::run(&project.proof, &mut OnLine(|| interrupt.set()), &interrupt);
    assert!(matches!(result, Err(Error::Interrupted(_))), "{result:?}");
    assert!(!project.is_alive("pid"));
    assert!(!project.is_alive("service"));
    assert_eq!(project.read("stopped.txt"), "stopped\n");
    assert!(!project.path("next").exists());
}

#[test]
fn nothing_survives_a_panic() {
    let project =
        Project::new().service("echo $$ > service; echo ready; cat").steps(vec![script("family", &family("wait"))]);
    let mut observer = OnLine(|| panic!("the display has a bug"));
    let run = || neoforge::smoke::run(&project.proof, &mut observer, &Interrupt::new());
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert!(!project.is_alive("pid"));
    assert!(!project.is_alive("service"));
}

#[test]
fn nothing_survives_a_signal() {
    for signal in ["INT", "TERM", "HUP"] {
        let project = Project::new();
        let mut tool = Tool::start(&project.path(""), false);
        tool.signal(signal);
        assert_eq!(tool.wait().code(), Some(130), "after SIG{signal}");
        assert!(!project.is_alive("pid"), "after SIG{signal}");
    }
}

#[test]
fn nothing_survives_an_impatient_person() {
    let project = Project::new();
    let mut tool = Tool::start(&project.path(""), true);
    let status = until("the tool to exit", || {
        tool.signal("INT");
        tool.0.try_wait().expect("its status")
    });
    assert_eq!(status.code(), Some(130));
    let pid = project.path("pid");
    until("the grandchild to end", || (!is_alive(&pid)).then_some(()));
    assert_eq!(fs::read_dir(project.path("temporary")).expect("a folder").count(), 0);
}

struct Tool(Child);

impl Tool {
    fn start(folder: &Path, hangs: bool) -> Self {
        let words = fixture::command("tool");
        let temporary = folder.join("temporary");
        fs::create_dir(&temporary).expect("a folder");
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env("FIXTURE_TOOL", folder)
            .env("TMPDIR", temporary)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if hangs {
            command.env("FIXTURE_HANGS", "1");
        }
        let tool = Self(command.spawn().expect("this binary again"));
        let pid = folder.join("pid");
        until("the grandchild to start", || pid.exists().then_some(()));
        tool
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.0.id().to_string()]).stderr(Stdio::null()).status();
        status.expect("`kill`");
    }

    fn wait(&mut self) -> ExitStatus {
        until("the tool to exit", || self.0.try_wait().expect("its status"))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a condition, with a limit that only a test that has failed reaches.
fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
