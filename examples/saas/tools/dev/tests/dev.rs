//! `cargo dev` at work on a project that holds as little as possible.
#![cfg(unix)]

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// What a test waits for must happen within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

struct Project {
    folder: TempDir,
    process: Child,
    lines: Receiver<String>,
    address: SocketAddr,
}

impl Project {
    fn start(answer: &str) -> Self {
        Self::start_with(&source(answer))
    }

    fn start_with(source: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\"]\n");
        write("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        write("app/src/main.rs", source);
        for folder in ["modules", "platform", "tools/dev"] {
            write(&format!("{folder}/empty"), "");
        }
        write(".env", "PORT=0\n");

        let mut process = Command::new(env!("CARGO_BIN_EXE_dev"))
            .env("CARGO_MANIFEST_DIR", folder.path().join("tools/dev"))
            .env("CARGO_TARGET_DIR", folder.path().join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("APP_ENV")
            .env_remove("HOST")
            .env_remove("PORT")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(process.stderr.take().unwrap());
        thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut project = Self { folder, process, lines, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let line = project.wait_for("answers as soon as");
        project.address = line.split(['/', ' ']).find_map(|part| part.parse().ok()).expect("the line has the address");
        project
    }

    /// Waits for a line on the terminal.
    fn wait_for(&self, part: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no line has {part:?}: {error}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    fn save(&self, text: &str) {
        fs::write(self.folder.path().join("app/src/main.rs"), text).unwrap();
    }

    fn get(&self) -> String {
        self.get_path("/")
    }

    /// Waits for an event that tells open pages of a failure.
    fn wait_for_event(&self, part: &str) {
        let start = Instant::now();
        while !self.get_path("/dev/reload?0").contains(part) {
            assert!(start.elapsed() < PATIENCE, "no event has {part:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn get_path(&self, path: &str) -> String {
        get(self.address, path).unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().unwrap();
        self.process.wait().unwrap();
    }
}

fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // In one piece: the application reads once, and what it has not read when it closes resets the connection.
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A server that answers every request with one text.
fn source(answer: &str) -> String {
    format!(
        r#"use std::{{env, io::{{Read, Write}}, net::TcpListener}};
        fn main() {{
            let address = format!("{{}}:{{}}", env::var("HOST").unwrap(), env::var("PORT").unwrap());
            std::fs::write("address", &address).unwrap();
            for stream in TcpListener::bind(address).unwrap().incoming() {{
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{answer}");
            }}
        }}"#
    )
}

fn address_of_the_application(folder: &Path) -> SocketAddr {
    fs::read_to_string(folder.join("address")).unwrap().parse().unwrap()
}

#[test]
fn a_saved_file_is_built_and_takes_over_when_it_works() {
    let project = Project::start("one");
    assert!(project.get().ends_with("one"), "a request waits for the first build");
    project.wait_for(&format!("the new build answers on http://{}", project.address));

    project.save(&source("two"));
    project.wait_for("the new build answers");
    assert!(project.get().ends_with("two"));

    project.save("fn main() { does not compile }");
    project.wait_for("could not compile");
    assert!(project.get().ends_with("two"), "the old build goes on");
    project.wait_for_event("data: error: expected");

    project.save("fn main() { std::process::exit(3) }");
    let failure = "the application has not started, but ended with exit status: 3";
    project.wait_for(failure);
    assert!(project.get().ends_with("two"), "the old build goes on");
    project.wait_for_event(failure);

    project.save(&source("six"));
    project.wait_for("the new build answers");
    assert!(project.get().ends_with("six"));
}

#[test]
fn a_first_build_that_is_broken_is_shown_in_the_browser() {
    let project = Project::start_with("fn main() { does not compile }");
    project.wait_for("could not compile");
    let page = project.get();
    assert!(page.starts_with("HTTP/1.1 500") && page.contains("<pre>error: expected"), "{page}");
    project.save(&source("one"));
    project.wait_for("the new build answers");
    assert!(project.get().ends_with("one"));
}

#[test]
fn nothing_is_left_running() {
    let project = Project::start("one");
    project.wait_for("the new build answers");
    let application = address_of_the_application(project.folder.path());
    assert!(get(application, "/").is_ok());
    drop(project);
    assert!(TcpStream::connect(application).is_err());
}

#[test]
fn production_is_refused() {
    let mut dev = Command::new(env!("CARGO_BIN_EXE_dev"));
    let run = dev.env("APP_ENV", "production").output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8(run.stderr).unwrap().contains("APP_ENV is production"));
}
