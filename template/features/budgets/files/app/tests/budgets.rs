//! What a browser receives on its first visit to a page, beside the limits of `budgets.toml`.

use std::collections::BTreeSet;

use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMITS: &str = include_str!("../../budgets.toml");

/// Leads nowhere: its answer is the page for errors.
const UNKNOWN: &str = "/a-page-that-nobody-wrote";

fn limit(key: &str) -> usize {
    let mut entries = LIMITS.lines().filter_map(|line| line.split_once(" = "));
    let (_, value) = entries.find(|(name, _)| *name == key).unwrap_or_else(|| panic!("budgets.toml has no {key}"));
    value.replace('_', "").parse().unwrap_or_else(|_| panic!("{key} in budgets.toml is no number"))
}

/// What a page and everything that it loads weigh, in bytes as they are sent.
#[derive(Default)]
struct Visit {
    requests: usize,
    bytes: usize,
    styles: usize,
    scripts: usize,
    elsewhere: Vec<String>,
}

impl Visit {
    async fn to(app: &TestApp, page: &str) -> Self {
        let mut visit = Self::default();
        let mut wanted = vec![page.to_owned()];
        let mut loaded = BTreeSet::new();
        while let Some(path) = wanted.pop() {
            if path.contains("//") {
                visit.elsewhere.push(path);
            } else if loaded.insert(path.clone()) {
                wanted.extend(visit.load(app, &path).await);
            }
        }
        visit
    }

    /// Loads one file, and returns the addresses of what it needs in turn.
    async fn load(&mut self, app: &TestApp, path: &str) -> Vec<String> {
        let answer = app.get(path).await;
        let bytes = sent(app, path).await;
        self.requests += 1;
        self.bytes += bytes;
        let needs = match answer.header("content-type").split(';').next().unwrap_or_default() {
            "text/html" => parts_of_page(&answer.body),
            "text/css" => {
                self.styles += bytes;
                parts_of_styles(&answer.body)
            }
            "text/javascript" => {
                self.scripts += bytes;
                Vec::new()
            }
            _ => Vec::new(),
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_complete = |need: &str| need.starts_with('/') || need.contains("//");
        let complete = |need: String| if is_complete(&need) { need } else { format!("{folder}/{need}") };
        needs.into_iter().filter(|need| !need.starts_with("data:")).map(complete).collect()
    }
}

/// The number of bytes that a browser receives, with the head of the answer.
async fn sent(app: &TestApp, path: &str) -> usize {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap()
}

/// The tags of a page, each from its name to its end.
fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let tags = html.split('<').filter_map(|rest| rest.split('>').next());
    tags.filter(move |tag| tag.split_whitespace().next() == Some(name))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}

/// What a browser loads to show a page.
fn parts_of_page(html: &str) -> Vec<String> {
    let is_loaded = |tag: &&str| {
        let kind = attribute(tag, "rel").unwrap_or_default();
        kind.split(' ').any(|word| ["stylesheet", "icon", "preload", "modulepreload", "manifest"].contains(&word))
    };
    let links = tags(html, "link").filter(is_loaded).filter_map(|tag| attribute(tag, "href"));
    let sources = ["script", "img", "iframe", "audio", "video", "source", "embed"];
    let sources = sources.into_iter().flat_map(|name| tags(html, name)).filter_map(|tag| attribute(tag, "src"));
    links.chain(sources).collect()
}

/// What a browser loads for a stylesheet: pictures and fonts.
fn parts_of_styles(css: &str) -> Vec<String> {
    let addresses = css.split("url(").skip(1).filter_map(|rest| rest.split(')').next());
    addresses.map(|address| address.trim_matches(['"', '\'', ' ']).to_owned()).collect()
}

/// The home page, the pages that it links to, and the page for errors.
async fn pages(app: &TestApp) -> BTreeSet<String> {
    let mut pages = BTreeSet::from(["/".to_owned(), UNKNOWN.to_owned()]);
    let home = app.get("/").await.body;
    for path in tags(&home, "a").filter_map(|tag| attribute(tag, "href")) {
        if path.starts_with('/') && !path.starts_with("//") {
            let answer = app.get(&path).await;
            if answer.header("content-type").starts_with("text/html") {
                pages.insert(path);
            }
        }
    }
    pages
}

#[tokio::test]
async fn no_page_weighs_too_much() {
    let app = TestApp::start(app::modules()).await;
    let mut findings = Vec::new();
    for page in pages(&app).await {
        let visit = Visit::to(&app, &page).await;
        let figures = [
            ("page_requests", visit.requests),
            ("page_bytes", visit.bytes),
            ("style_bytes", visit.styles),
            ("script_bytes", visit.scripts),
        ];
        println!("{page}: {figures:?}");
        let excess = figures.into_iter().filter(|(key, figure)| *figure > limit(key));
        findings.extend(excess.map(|(key, figure)| format!("{page}: {key} is {figure}, the limit {}", limit(key))));
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test]
async fn no_page_needs_another_server() {
    let app = TestApp::start(app::modules()).await;
    for page in pages(&app).await {
        let visit = Visit::to(&app, &page).await;
        assert!(visit.styles > 0, "{page} has no styles");
        assert!(visit.elsewhere.is_empty(), "{page} loads {:?}", visit.elsewhere);
    }
}
