//! A person at a terminal: the whole conversation, keys at the wrong moment, and what is left afterwards.
#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rexpect::process::PtyProcess;
use support::Sandbox;

const ESCAPE: &str = "\x1b";
const CTRL_C: &str = "\x03";
const DOWN: &str = "\x1b[B";
const ENTER: &str = "\r";

/// Keys that a terminal would keep for itself when they come between two questions for a key: all go to the program.
const EDITING_KEYS: &str = "erase undef kill undef werase undef rprnt undef lnext undef";

/// Ends a test that has failed.
const LIMIT: Duration = Duration::from_mins(1);

/// The program in a terminal of 80 columns, run by a shell that then tells what state the terminal is in.
struct Conversation {
    terminal: String,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    said: Vec<u8>,
    seen: usize,
    _process: PtyProcess,
}

/// What stands in the terminal once the program has ended.
struct Ended {
    code: i32,
    said: String,
    raw: bool,
}

impl Conversation {
    fn start(sandbox: &Sandbox, arguments: &str) -> Self {
        let tty = sandbox.path("tty");
        // Of the conversation before.
        let _ = fs::remove_file(&tty);
        let script = format!(
            "trap : INT; stty cols 80 rows 24 {EDITING_KEYS}; tty > ../tty.new; mv ../tty.new ../tty; {} {arguments}; \
             echo \"code=$?\"; stty -a",
            env!("CARGO_BIN_EXE_neoforge")
        );
        let mut command = sandbox.command("/bin/sh");
        command.args(["-c", &script]).env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env_remove("NO_COLOR");
        let process = PtyProcess::new(command).expect("a terminal");
        until("the terminal to be named", || tty.exists().then_some(()));
        let terminal = fs::read_to_string(tty).expect("its name").trim().to_owned();
        // Not read before somebody has it open at the other end: until then it looks like one that has been closed.
        let screen = listen(process.get_file_handle().expect("its screen"));
        let keyboard = process.get_file_handle().expect("its keyboard");
        Self { terminal, keyboard, screen, said: Vec::new(), seen: 0, _process: process }
    }

    /// Waits for a text behind the one that was seen last.
    fn sees(&mut self, text: &str) -> &mut Self {
        loop {
            let unseen = &self.said[self.seen..];
            if let Some(at) = unseen.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.seen += at + text.len();
                return self;
            }
            let more = self.screen.recv_timeout(LIMIT);
            self.said.extend(more.unwrap_or_else(|error| panic!("{text:?}: {error}: {}", self.whole())));
        }
    }

    fn whole(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).expect("keys can be sent");
        self
    }

    /// Presses a key that means something else to a terminal that does not wait for single keys.
    fn presses(&mut self, key: &str) -> &mut Self {
        until("the program to wait for a key", || is_raw(&settings(&self.terminal)).then_some(()));
        self.types(key)
    }

    fn ends(&mut self) -> Ended {
        // The listener goes when the terminal is closed.
        while let Ok(more) = self.screen.recv_timeout(LIMIT) {
            self.said.extend(more);
        }
        let whole = self.whole();
        let (said, state) = whole.rsplit_once("code=").unwrap_or_else(|| panic!("it has not ended: {whole}"));
        let (code, settings) = state.split_once("\r\n").expect("the settings follow the code");
        Ended { code: code.parse().expect("a number"), said: said.to_owned(), raw: is_raw(settings) }
    }
}

/// Gives what appears on a screen, until it is closed.
fn listen(mut screen: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = screen.read(&mut piece) {
            if sender.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

fn settings(terminal: &str) -> String {
    let output = Command::new("stty").args(["-F", terminal, "-a"]).output().expect("stty runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn is_raw(settings: &str) -> bool {
    settings.contains("-icanon")
}

impl Ended {
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said);
        assert!(!self.raw, "the terminal was left waiting for single keys: {}", self.said);
        let (shown, hidden) = (self.said.rfind("\x1b[?25h"), self.said.rfind("\x1b[?25l"));
        assert!(shown >= hidden, "the cursor was left hidden: {:?}", self.said);
        self
    }

    /// Without colours and movements.
    fn text(&self) -> String {
        console::strip_ansi_codes(&self.said).replace('\r', "")
    }
}

/// Waits for a condition, with a limit that only a test that has failed reaches.
fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < LIMIT, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every question of the small template, in the order in which they come, and what takes the default.
const QUESTIONS: [(&str, &str); 8] = [
    ("What is the project called?", "my-app\r"),
    ("Which set of features?", ENTER),
    ("Database?", ENTER),
    ("Title?", ENTER),
    ("Port?", ENTER),
    ("Licence?", ENTER),
    ("Owner?", ENTER),
    ("Make this project?", ENTER),
];

#[test]
fn the_whole_conversation_with_its_defaults() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mut talk = Conversation::start(&sandbox, &format!("new --template {template}"));
    for (question, keys) in QUESTIONS {
        talk.sees(question).types(keys);
    }
    let ended = talk.sees("Next:").ends().expect(0);
    let text = ended.text();
    for line in [
        "✓ What is the project called? · my-app\n",
        "✓ Which set of features? · minimal\n",
        "✓ Title? · My App\n",
        "✓ Port? · 80\n",
        "✓ Licence? · mit\n",
        "✓ Make this project? · yes\n",
        "  cd my-app\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(sandbox.read("work/my-app/my-app.txt"), "My App on 80 with lite, by nobody\n");
    assert!(ended.said.contains("\x1b[32m"), "there are colours");
    for colour in ["\x1b[33m", "\x1b[37m", "\x1b[38;5;8m", "\x1b[90m", "\x1b[93m", "\x1b[97m"] {
        assert!(!ended.said.contains(colour), "{colour:?} cannot be read on every background: {:?}", ended.said);
    }
}

#[test]
fn features_are_chosen_one_by_one() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mut talk = Conversation::start(&sandbox, &format!("new my-app --template {template}"));
    talk.sees("Which set of features?").types(DOWN).types(DOWN).types(ENTER);
    talk.sees("Which preset to start from?").types(ENTER);
    talk.sees("Which features?").sees("[ ]").types(DOWN).types(" ").sees("[x]").types(ENTER);
    // Their list starts at the default, which is the second one.
    talk.sees("Database?").types("\x1b[A").types(ENTER);
    talk.sees("Title?").types("A longer\x7f\x7f\x7f\x7f\x7f\x7fshort one").types(ENTER);
    talk.sees("Port?").types("8080\r");
    talk.sees("Licence?").types(DOWN).types(ENTER);
    talk.sees("Sender?").types(ENTER);
    let text = talk.sees("Make this project?").types("y").sees("Next:").ends().expect(0).text();
    assert!(text.contains("mail, jobs (for mail)") || text.contains("jobs (for mail), mail"), "{text}");
    assert_eq!(sandbox.read("work/my-app/my-app.txt"), "A short one on 8080 with big\n");
    assert_eq!(sandbox.read("work/my-app/main.txt"), "begin\n    jobs\n    mail\nend\n");
}

#[test]
fn a_wrong_answer_is_refused_at_once_and_corrected() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mut talk = Conversation::start(&sandbox, &format!("new --preset minimal --template {template}"));
    sandbox.write("work/taken/mine.txt", "mine");
    talk.sees("called?").types(ENTER).sees("a name is needed");
    talk.sees("called?").types("taken\r").sees("it holds mine.txt").sees("taken").types("\x15My App\r");
    talk.sees("holds 'M'");
    // What was typed is still there to be mended.
    talk.sees("My App").types("\x15engine\r").sees("try `engine-app`");
    talk.sees("engine").types("-app\r");
    talk.sees("Database?").types(ENTER).sees("Title?").types("<\r").sees("without <").sees("<").types("\x7fx\r");
    talk.sees("Port?").types("many\r").sees("a whole number").sees("many").types("\x1570000\r");
    talk.sees("at most 65535").sees("70000").types("\x1581\r");
    talk.sees("Licence?").types(ENTER).sees("Owner?").types(ENTER).sees("Make this project?").types("y");
    talk.sees("Next:").ends().expect(0);
    assert_eq!(sandbox.read("work/engine-app/engine-app.txt"), "x on 81 with lite, by nobody\n");
}

#[test]
fn yes_asks_nothing() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ended = Conversation::start(&sandbox, &format!("new my-app --yes --template {template}")).ends().expect(0);
    assert!(!ended.said.contains('?'), "{}", ended.said);
    let ended = Conversation::start(&sandbox, &format!("new --yes --template {template}")).ends().expect(2);
    assert!(ended.said.contains("no name was given"), "{}", ended.said);
}

#[test]
fn no_writes_nothing() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mut talk = Conversation::start(&sandbox, &format!("new my-app --preset minimal --template {template}"));
    for (question, keys) in &QUESTIONS[2..7] {
        talk.sees(question).types(keys);
    }
    talk.sees("Make this project?").types("n").sees("Nothing was written.");
    talk.ends().expect(130);
    assert!(sandbox.names("work").is_empty());
}

#[test]
fn ctrl_c_and_escape_at_every_question_leave_nothing() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let cancelled = |before: &[(&str, &str)], question: &str| {
        for key in [CTRL_C, ESCAPE] {
            let mut talk = Conversation::start(&sandbox, &format!("new --template {template}"));
            for (question, keys) in before {
                talk.sees(question).types(keys);
            }
            talk.sees(question).presses(key);
            let ended = talk.ends().expect(130);
            assert!(ended.text().ends_with("\ncancelled; nothing was written\n"), "{question}: {}", ended.text());
            assert!(sandbox.names("work").is_empty(), "{question}: {:?}", sandbox.names("work"));
        }
    };
    for (index, (question, _)) in QUESTIONS.iter().enumerate() {
        cancelled(&QUESTIONS[..index], question);
    }
    let custom = [QUESTIONS[0], ("Which set of features?", "\x1b[B\x1b[B\r")];
    cancelled(&custom, "Which preset to start from?");
    cancelled(&[custom[0], custom[1], ("Which preset to start from?", ENTER)], "Which features?");
}

#[test]
fn ctrl_c_in_the_smoke_test_leaves_the_project_and_no_process() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let step = "\n[[smoke.step]]\nname = \"wait\"\nrun = [\"sh\", \"-c\", \"echo $$ > ../pid; exec sleep 1000\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    let mut talk = Conversation::start(&sandbox, &format!("new my-app --yes --trust --template {template}"));
    let pid = sandbox.path("work/pid");
    let number = until("the step to start", || {
        fs::read_to_string(&pid).ok().filter(|text| text.ends_with('\n')).map(|text| text.trim().to_owned())
    });
    talk.types(CTRL_C);
    let ended = talk.sees("  neoforge smoke my-app\r\n").ends().expect(130);
    assert!(ended.text().contains("The project stands in "), "{}", ended.text());
    assert!(!std::path::Path::new(&format!("/proc/{number}")).exists(), "the step goes on");
    assert!(sandbox.path("work/my-app/neoforge.toml").exists());
    assert_eq!(sandbox.names("work"), ["my-app", "pid"]);
}

#[test]
fn code_of_others_is_run_only_if_one_says_so() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let step = "\n[[smoke.step]]\nname = \"touch\"\nrun = [\"touch\", \"../ran\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    sandbox.run(&format!("new my-app --smoke none --template {template}")).expect(0);
    let mut talk = Conversation::start(&sandbox, "smoke my-app");
    talk.sees("runs the code of").sees("Do you trust it?").types(ENTER);
    let ended = talk.ends().expect(1);
    assert!(ended.said.contains("add `--trust`") && !sandbox.path("work/ran").exists(), "{}", ended.said);
    let mut talk = Conversation::start(&sandbox, "smoke my-app");
    talk.sees("Do you trust it?").types("y");
    talk.ends().expect(0);
    assert!(sandbox.path("work/ran").exists());
}

#[test]
fn a_commit_or_another_branch_while_the_question_waits_is_noticed() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.run(&format!("new my-app --yes --smoke none --template {template}")).expect(0);
    for meanwhile in
        [&["commit", "--quiet", "--allow-empty", "--message", "x"][..], &["checkout", "--quiet", "-b", "other"]]
    {
        let mut talk = Conversation::start(&sandbox, "add feature jobs --project my-app");
        talk.sees("Change the project?");
        sandbox.git("work/my-app", meanwhile);
        let ended = talk.types(ENTER).ends().expect(1);
        assert!(
            ended.text().contains("nothing was changed") && ended.text().contains("hint: run the command again"),
            "{}",
            ended.text()
        );
        assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
    }
    let mut talk = Conversation::start(&sandbox, "add feature jobs --project my-app");
    talk.sees("Change the project?").types(ENTER).ends().expect(0);
}
