//! Requests to the app: until it is ready, and then every probe.

use std::io::Read;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::command::Values;
use super::report::Mismatch;
use crate::template::manifest::Probe;

/// How much of a body is read: more than any page has.
const LARGEST_BODY: u64 = 16 * 1024 * 1024;

/// How much of a body a mismatch shows, in characters.
const SHOWN: usize = 200;

/// The pause between two questions whether the app is ready.
const READY_POLL: Duration = Duration::from_millis(50);

/// How long one of these questions may take.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// What people read: the method, the path, and the status where it is not simply 200.
pub(super) fn name(probe: &Probe) -> String {
    let (method, path) = target(probe);
    match probe.status {
        200 => format!("{method} {path}"),
        status => format!("{method} {path} -> {status}"),
    }
}

fn target(probe: &Probe) -> (&'static str, &str) {
    match (&probe.get, &probe.post) {
        (Some(path), _) => ("GET", path.get_ref()),
        (None, Some(path)) => ("POST", path.get_ref()),
        (None, None) => ("GET", "/"),
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

/// Sends a probe from a thread of its own, so that the app's output can be read and an interruption be noticed meanwhile.
/// What comes back is what differs; nothing means that the app passed.
pub(super) fn send(probe: &Probe, values: Values<'_>, limit: Duration) -> Receiver<Vec<Mismatch>> {
    let (method, path) = target(probe);
    let mut request = Request::builder().method(method).uri(address(&values.fill(path), values.port));
    for (name, value) in &probe.headers {
        request = request.header(name, values.fill(value));
    }
    let request = request.body(probe.body.as_deref().map(|body| values.fill(body)));
    let probe = probe.clone();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let answer = request.map_err(|error| error.to_string()).and_then(|request| exchange(request, limit));
        let _ = sender.send(match answer {
            Ok(answer) => compare(&probe, &answer),
            Err(cause) => vec![Mismatch::NoAnswer { cause }],
        });
    });
    receiver
}

/// Asks again and again until nobody receives the answers any more: a status, or why there is none.
pub(super) fn poll(path: &str, values: Values<'_>) -> Receiver<Result<u16, String>> {
    let uri = address(&values.fill(path), values.port);
    let (sender, receiver) = channel();
    thread::spawn(move || {
        loop {
            let request = Request::get(uri.as_str()).body(None).map_err(|error| error.to_string());
            let status = request.and_then(|request| exchange(request, READY_LIMIT)).map(|answer| answer.status);
            if sender.send(status).is_err() {
                break;
            }
            thread::sleep(READY_POLL);
        }
    });
    receiver
}

fn address(path: &str, port: Option<u16>) -> String {
    format!("http://127.0.0.1:{}{path}", port.unwrap_or(80))
}

/// One request on a connection of its own: an idle one would keep some servers from stopping. Redirects are answers, and
/// the proxies of the environment do not lead to this machine.
fn exchange(request: Request<Option<String>>, limit: Duration) -> Result<Answer, String> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .timeout_global(Some(limit))
        .build()
        .into();
    let (parts, body) = request.into_parts();
    let response = match body {
        Some(body) => agent.run(Request::from_parts(parts, body)),
        None => agent.run(Request::from_parts(parts, ())),
    };
    let (parts, mut body) = response.map_err(|error| error.to_string())?.into_parts();
    let mut bytes = Vec::new();
    body.as_reader().take(LARGEST_BODY).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

fn compare(probe: &Probe, answer: &Answer) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    if answer.status != probe.status {
        mismatches.push(Mismatch::Status { expected: probe.status, got: answer.status });
    }
    for (name, expected) in &probe.header {
        let values =
            || answer.headers.get_all(name.as_str()).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        if !values().any(|value| value.starts_with(expected)) {
            let got = values().next().map(|value| value.chars().take(SHOWN).collect());
            mismatches.push(Mismatch::Header { name: name.clone(), expected: expected.clone(), got });
        }
    }
    if let Some(expected) = probe.contains.as_ref().filter(|text| !answer.body.contains(text.as_str())) {
        mismatches.push(Mismatch::Body { expected: expected.clone(), got: excerpt(&answer.body) });
    }
    mismatches
}

/// The beginning of a body in one line.
fn excerpt(body: &str) -> String {
    let mut words = body.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.chars().count() > SHOWN {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ureq::http::{HeaderMap, HeaderValue};

    use super::{Answer, compare, excerpt, name};
    use crate::template::manifest::Probe;

    fn probe() -> Probe {
        Probe {
            get: None,
            post: None,
            body: None,
            headers: BTreeMap::new(),
            status: 200,
            contains: Some("ok".into()),
            header: BTreeMap::from([("Content-Type".into(), "text/html".into()), ("X-Two".into(), "b".into())]),
        }
    }

    #[test]
    fn an_answer_may_have_more_than_the_probe_asks_for() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
        headers.append("x-two", HeaderValue::from_static("a"));
        headers.append("x-two", HeaderValue::from_static("b"));
        headers.insert("x-other", HeaderValue::from_static("y"));
        let answer = Answer { status: 200, headers, body: "it is ok".into() };
        assert_eq!(compare(&probe(), &answer), []);
        assert_eq!(name(&probe()), "GET /");
    }

    #[test]
    fn every_difference_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let answer = Answer { status: 500, headers, body: "oops\n\n  twice".into() };
        let said: Vec<String> = compare(&probe(), &answer).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "expected status 200, got 500",
                "expected header `Content-Type` to start with `text/html`, got `text/plain`",
                "expected header `X-Two` to start with `b`, got none",
                "expected a body that contains `ok`, got `oops twice`",
            ]
        );
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        assert_eq!(excerpt(&"ä".repeat(500)).chars().count(), 201);
        assert_eq!(excerpt(&"word ".repeat(500)).chars().count(), 201);
        assert_eq!(excerpt(""), "");
    }
}
