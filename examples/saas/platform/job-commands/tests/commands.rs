//! Jobs are listed, shown, retried, discarded, and removed when they are done; whatever may become of a job, it can be seen.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{extract::State, routing::get};
use job_commands::{Command, Running, Selection};
use kernel::{AppState, Job, Module, Policy, Routes, jobs as queue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::TestApp;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A job whose word says how it ends.
#[derive(Serialize, Deserialize)]
struct Say {
    word: String,
}

static REPAIRED: AtomicBool = AtomicBool::new(false);

impl Job for Say {
    const NAME: &'static str = "words.say";
    const ATTEMPTS: u16 = 2;
    const TIME_LIMIT: Duration = Duration::from_secs(5);

    fn key(&self) -> Option<String> {
        self.word.strip_prefix("only ").map(str::to_owned)
    }

    fn describe(&self) -> String {
        format!("a word of {} letters", self.word.len())
    }

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        match self.word.as_str() {
            "fail" => Err(anyhow::anyhow!("the line is dead").context("not said")),
            "repair" if REPAIRED.load(Ordering::SeqCst) => Ok(()),
            "repair" | "only once" | "give up" => Err(queue::give_up(anyhow::anyhow!("lost for words"))),
            _ => Ok(()),
        }
    }
}

/// Never ends by itself.
#[derive(Serialize, Deserialize)]
struct Hang;

impl Job for Hang {
    const NAME: &'static str = "words.hang";
    const TIME_LIMIT: Duration = Duration::from_millis(10);

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        std::future::pending().await
    }
}

async fn start() -> TestApp {
    TestApp::start(vec![job_commands::module(), Module::new("words").job::<Say>().job::<Hang>()]).await
}

async fn say(app: &TestApp, word: &str) -> bool {
    let job = Say { word: word.to_owned() };
    queue::enqueue(&mut app.db().acquire().await.unwrap(), &job).await.unwrap().is_some()
}

async fn list(app: &TestApp, dead: bool) -> Vec<Value> {
    let printed = job_commands::run(app.db(), Command::List { dead, limit: 50, json: true }).await.unwrap();
    serde_json::from_str(&printed).unwrap()
}

fn ids(ids: &[&Value]) -> Selection {
    Selection { ids: ids.iter().map(|id| id.as_i64().unwrap()).collect(), dead: false }
}

fn running(id: &Value) -> Running {
    Running { ids: vec![id.as_i64().unwrap()] }
}

const DEAD: Selection = Selection { ids: Vec::new(), dead: true };

#[tokio::test]
async fn jobs_are_listed_with_what_became_of_them() {
    let app = start().await;
    for word in ["hello", "fail", "give up"] {
        say(&app, word).await;
    }
    queue::enqueue(&mut app.db().acquire().await.unwrap(), &Hang).await.unwrap();
    app.run_jobs().await;
    queue::enqueue_in(Duration::from_mins(1), &mut app.db().acquire().await.unwrap(), &Hang).await.unwrap();
    app.run_jobs().await;

    let listed = list(&app, false).await;
    let find = |state: &str, kind: &str| {
        let found = listed.iter().find(|job| job["state"] == state && job["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} that is {state} in {listed:?}"))
    };
    assert_eq!(listed.len(), 5);
    assert_eq!(find("done", "words.say")["description"], "a word of 5 letters");
    assert_eq!(find("failed", "words.say")["error"], "not said: the line is dead");
    assert!(find("dead", "words.say")["error"].as_str().unwrap().contains("lost for words"));
    assert!(find("failed", "words.hang")["error"].as_str().unwrap().contains("took longer than 10ms"));
    assert_eq!(find("waiting", "words.hang")["attempts"], 0);

    let table = job_commands::run(app.db(), Command::List { dead: true, limit: 50, json: false }).await.unwrap();
    assert_eq!(table.lines().count(), 2);
    assert!(table.lines().nth(1).unwrap().contains("dead       1/2"), "{table}");
    assert!(table.contains("words.say: a word of 7 letters"), "{table}");
}

#[tokio::test]
async fn a_job_is_shown_and_its_data_only_when_that_is_asked_for() {
    let app = start().await;
    say(&app, "give up").await;
    app.run_jobs().await;
    let id = list(&app, true).await[0]["id"].as_i64().unwrap();
    let show = async |payload, json| job_commands::run(app.db(), Command::Show { id, payload, json }).await.unwrap();
    for json in [false, true] {
        let shown = show(false, json).await;
        assert!(shown.contains("a word of 7 letters") && !shown.contains("give up"), "{shown}");
    }
    let shown = show(true, false).await;
    assert!(shown.contains("attempts  1 of 2") && shown.contains("{\"word\":\"give up\"}"), "{shown}");
    let listed = job_commands::run(app.db(), Command::List { dead: false, limit: 9, json: true }).await.unwrap();
    assert!(!listed.contains("give up"), "{listed}");

    let missing = Command::Show { id: -1, payload: false, json: false };
    assert_eq!(job_commands::run(app.db(), missing).await.unwrap_err().to_string(), "there is no job -1");
}

#[tokio::test]
async fn a_time_that_is_none_is_listed_nevertheless() {
    let app = start().await;
    for word in ["hello", "good bye"] {
        say(&app, word).await;
    }
    sqlx::query("UPDATE _jobs SET run_at = 9223372036854775807").execute(app.db()).await.unwrap();
    assert_eq!(list(&app, false).await.len(), 2);
}

#[tokio::test]
async fn dead_jobs_can_be_retried() {
    let app = start().await;
    say(&app, "repair").await;
    app.run_jobs().await;
    assert_eq!(list(&app, true).await.len(), 1);

    REPAIRED.store(true, Ordering::SeqCst);
    job_commands::run(app.db(), Command::Retry(DEAD)).await.unwrap();
    app.run_jobs().await;
    assert!(list(&app, true).await.is_empty());
    assert_eq!(list(&app, false).await[0]["state"], "done");
}

#[tokio::test]
async fn all_of_the_jobs_are_discarded_or_none() {
    let app = start().await;
    for word in ["hello", "give up"] {
        say(&app, word).await;
    }
    app.run_jobs().await;
    let dead = &list(&app, true).await[0]["id"];
    let error = job_commands::run(app.db(), Command::Discard(ids(&[dead, &(-1).into()]))).await.unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(list(&app, true).await.len(), 1);

    job_commands::run(app.db(), Command::Discard(ids(&[dead]))).await.unwrap();
    assert!(list(&app, true).await.is_empty());
}

#[tokio::test]
async fn what_is_done_is_neither_discarded_nor_run_again() {
    let app = start().await;
    say(&app, "hello").await;
    app.run_jobs().await;
    let done = &list(&app, false).await[0]["id"];
    for command in [Command::Discard(ids(&[done])), Command::Retry(ids(&[done])), Command::Cancel(running(done))] {
        let error = job_commands::run(app.db(), command).await.unwrap_err();
        assert!(error.to_string().contains("nothing was changed"), "{error}");
    }
    assert_eq!(list(&app, false).await[0]["state"], "done");
}

#[tokio::test]
async fn a_job_is_not_retried_while_another_one_has_its_key() {
    let app = start().await;
    say(&app, "only once").await;
    app.run_jobs().await;
    say(&app, "only once").await;
    let error = job_commands::run(app.db(), Command::Retry(DEAD)).await.unwrap_err();
    assert!(error.to_string().contains("another job with the key"), "{error}");
}

#[tokio::test]
async fn jobs_are_cancelled_and_come_back() {
    let app = start().await;
    say(&app, "hello").await;
    let id = &list(&app, false).await[0]["id"];
    job_commands::run(app.db(), Command::Cancel(running(id))).await.unwrap();
    app.run_jobs().await;
    assert_eq!(list(&app, false).await[0]["state"], "cancelled");

    job_commands::run(app.db(), Command::Retry(ids(&[id]))).await.unwrap();
    app.run_jobs().await;
    assert_eq!(list(&app, false).await[0]["state"], "done");
}

#[tokio::test]
async fn a_running_job_is_requeued() {
    let app = start().await;
    say(&app, "hello").await;
    let id = &list(&app, false).await[0]["id"];
    let error = job_commands::run(app.db(), Command::Requeue(running(id))).await.unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");

    // A worker that hangs, and will for a day.
    let query = "UPDATE _jobs SET state = 'running', locked_by = 'one that hangs', run_at = run_at + 86400000";
    sqlx::query(query).execute(app.db()).await.unwrap();
    job_commands::run(app.db(), Command::Requeue(running(id))).await.unwrap();
    app.run_jobs().await;
    assert_eq!(list(&app, false).await[0]["state"], "done");
}

#[tokio::test]
async fn jobs_that_are_done_are_removed_and_others_stay() {
    let app = start().await;
    for word in ["hello", "give up"] {
        say(&app, word).await;
    }
    app.run_jobs().await;
    assert_eq!(queue::prune(app.db(), Duration::from_hours(1)).await.unwrap(), 0);
    assert_eq!(queue::prune(app.db(), Duration::ZERO).await.unwrap(), 1);
    assert_eq!(list(&app, false).await[0]["state"], "dead");
}

#[tokio::test]
async fn a_key_is_taken_until_its_job_is_finished() {
    let app = start().await;
    assert!(say(&app, "only once").await);
    assert!(!say(&app, "only once").await);
    assert!(say(&app, "only me").await);
    app.run_jobs().await;
    assert!(say(&app, "only once").await);
    assert_eq!(list(&app, false).await.len(), 3);
}

#[tokio::test]
async fn a_job_remembers_the_request_that_left_it_behind() {
    let leave = async |State(state): State<AppState>| {
        let job = Say { word: "hello".to_owned() };
        queue::enqueue(&mut *state.db.acquire().await?, &job).await?;
        Ok::<_, kernel::Error>("left")
    };
    let words = Module::new("words").job::<Say>().pages(Policy::PUBLIC, Routes::new().route("/leave", get(leave)));
    let app = TestApp::start(vec![words]).await;
    let response = app.get("/leave").await;
    assert_eq!(list(&app, false).await[0]["request"], response.header("x-request-id"));
}

#[tokio::test]
async fn a_worker_never_oversleeps() {
    let app = start().await;
    let stop = CancellationToken::new();
    let worker = app.application.worker.clone().jobs_only(Duration::from_millis(2));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    // One at a time, so that the worker is idle before each of them.
    for _ in 0..40 {
        say(&app, "hello").await;
        let done = async {
            let mut pause = tokio::time::interval(Duration::from_millis(2));
            while queue::due(app.db()).await.unwrap() > 0 {
                pause.tick().await;
            }
        };
        timeout(Duration::from_secs(4), done).await.expect("the job is done before the worker's next heartbeat");
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}
