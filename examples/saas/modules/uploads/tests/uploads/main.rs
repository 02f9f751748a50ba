//! Files, from the request that brings them to the last trace of them.

mod api;
mod cleaning;
mod cuts;
mod kills;
mod limits;
mod memory;
mod names;
mod pages;
mod process;
mod serving;

use std::{fs, ops::Deref, path::Path, time::Duration};

use hyper::{Request, header::CONTENT_TYPE};
use kernel::{Module, SignIn};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Response, TestApp};
use tokio::time::{interval, timeout};

/// What a test waits for must happen within this time, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

fn modules() -> Vec<Module> {
    vec![
        ui::module(),
        ui::components::module(),
        rest::module(),
        schedules::module(),
        signing::module(),
        uploads::module(),
    ]
}

/// The application with a folder of its own.
struct Files {
    app: TestApp,
    folder: TempDir,
}

impl Deref for Files {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

async fn start() -> Files {
    start_with(&[], Vec::new()).await
}

/// Where people sign in, files are their own.
async fn start_with_people(variables: &[(&str, &str)]) -> Files {
    start_with(variables, vec![Module::new("accounts").add(SignIn("/sign-in"))]).await
}

async fn start_with(variables: &[(&str, &str)], more: Vec<Module>) -> Files {
    let folder = TempDir::new().expect("there is room for a folder");
    let path = folder.path().join("files");
    let own = [("UPLOADS_FOLDER", path.to_str().expect("the path is text"))];
    let all = modules().into_iter().chain(more).collect();
    Files { app: TestApp::start_with(all, &[&own, variables].concat()).await, folder }
}

/// Uploads a file through the API.
async fn upload(app: &TestApp, name: &str, content: &[u8]) -> Response {
    let path = format!("/api/v1/files?name={}", encoded(name));
    let request = Request::post(path).header(CONTENT_TYPE, "application/octet-stream");
    app.send(request, content.to_vec()).await
}

/// Uploads a file that is accepted, and returns what the API says about it.
async fn uploaded(app: &TestApp, name: &str, content: &[u8]) -> Value {
    let answer = upload(app, name, content).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// Where the content of a file is.
fn content_of(file: &Value) -> String {
    format!("/files/{}/{}", text(file, "id"), encoded(text(file, "name")))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// How many files are in a folder and all folders in it.
fn count(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

/// What there is: rows, bytes and files that are counted, and files in the folder.
async fn traces(files: &Files) -> (i64, i64, i64, usize) {
    let rows = sqlx::query_scalar("SELECT count(*) FROM files").fetch_one(files.db()).await.unwrap();
    let usage: Vec<(i64, i64)> =
        sqlx::query_as("SELECT bytes, files FROM file_usage").fetch_all(files.db()).await.unwrap();
    let (bytes, counted) = usage.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (rows, bytes, counted, count(files.folder.path()))
}

const NOTHING: (i64, i64, i64, usize) = (0, 0, 0, 0);

/// Waits until there are so many rows.
async fn wait_for_rows(app: &TestApp, rows: i64) {
    let mut pause = interval(Duration::from_millis(5));
    let wait = async {
        while sqlx::query_scalar::<_, i64>("SELECT count(*) FROM files").fetch_one(app.db()).await.unwrap() != rows {
            pause.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("there are never {rows} rows"));
}
