//! What the tests run: this test binary again, which an environment variable turns into a web app or into a tool that runs
//! a smoke test of its own. Without the variable these are tests that pass.
#![expect(clippy::print_stderr, reason = "a server's log")]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process;
use std::thread;

use neoforge::interrupt::{EXIT_STATUS, Interrupt};
use neoforge::smoke::{Error, Observer, Proof};

use crate::harness::{step, text};

/// The words that start this binary as one of the fixtures.
pub(crate) fn command(fixture: &str) -> Vec<String> {
    let program = env::current_exe().expect("the path of this binary");
    [text(&program).as_str(), "--exact", &format!("fixture::{fixture}"), "--nocapture"].map(str::to_owned).to_vec()
}

/// A web app. `FIXTURE_APP` says how it behaves, `PORT` where it listens.
#[test]
fn app() {
    let Ok(manner) = env::var("FIXTURE_APP") else { return };
    let stop_manner = manner.clone();
    ctrlc::set_handler(move || match stop_manner.as_str() {
        "stubborn" => eprintln!("I stay"),
        "unclean" => process::exit(3),
        _ => {
            eprintln!("goodbye");
            process::exit(0)
        }
    })
    .expect("a handler");
    let port: u16 = env::var("PORT").expect("PORT").parse().expect("a port");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    eprintln!("listening on {port}");
    for stream in listener.incoming().flatten() {
        let manner = manner.clone();
        thread::spawn(move || answer(stream, &manner));
    }
}

fn answer(mut stream: TcpStream, manner: &str) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut length, mut token) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-token" => value.clone_into(&mut token),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = first.split(' ').nth(1)?;
    let (status, kind, body) = match path {
        "/health/ready" if manner == "never-ready" => {
            ("503 Service Unavailable", "text/plain", "warming up".to_owned())
        }
        "/health/ready" => ("200 OK", "application/json", "{\"status\":\"ok\"}".to_owned()),
        "/hello" => ("200 OK", "text/html; charset=utf-8", "<h1>hello, world</h1>".to_owned()),
        "/env" => ("200 OK", "text/plain", env::var("FIXTURE_SAYS").unwrap_or_default()),
        "/echo" => ("201 Created", "text/plain", format!("{token} {}", String::from_utf8_lossy(&body))),
        "/talk" => {
            let line = "x".repeat(100);
            for _ in 0..20_000 {
                eprintln!("{line}");
            }
            ("200 OK", "text/plain", "done".to_owned())
        }
        "/die" => process::exit(9),
        "/old" => ("303 See Other\r\nlocation: /hello", "text/plain", String::new()),
        _ => ("404 Not Found", "text/plain", "no such page".to_owned()),
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").ok()
}

/// A tool with a smoke test of one step, which starts a grandchild and then waits for ever. `FIXTURE_TOOL` is its folder;
/// with `FIXTURE_HANGS` it does not notice the first Ctrl-C.
#[test]
fn tool() {
    let Ok(folder) = env::var("FIXTURE_TOOL") else { return };
    let interrupt = Interrupt::install().expect("a handler");
    let mut proof = Proof::new(Path::new(&folder));
    proof.steps =
        vec![step("wait", &["sh", "-c", "sleep 1000 & echo $! > pid.new; mv pid.new pid; echo started; wait"])];
    let result = neoforge::smoke::run(&proof, &mut Hangs, &interrupt);
    process::exit(match result {
        Err(Error::Interrupted(_)) => i32::from(EXIT_STATUS),
        other => panic!("{other:?}"),
    });
}

struct Hangs;

impl Observer for Hangs {
    fn line(&mut self, _: &str) {
        while env::var_os("FIXTURE_HANGS").is_some() {
            thread::park();
        }
    }
}
