//! `SQLite` takes text that is none: a row that cannot be read stops neither the queue nor the list of its jobs.

use job_commands::{Command, Selection};
use kernel::{AppState, Job, Module, jobs};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::TestApp;

#[derive(Serialize, Deserialize)]
struct Nothing;

impl Job for Nothing {
    const NAME: &'static str = "tests.nothing";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_nobody() {
    for column in ["kind", "payload", "request", "description"] {
        let app = TestApp::start(vec![job_commands::module(), Module::new("tests").job::<Nothing>()]).await;
        let mut connection = app.db().acquire().await.unwrap();
        let broken = jobs::enqueue(&mut connection, &Nothing).await.unwrap().unwrap();
        jobs::enqueue(&mut connection, &Nothing).await.unwrap();
        drop(connection);
        let spoil = sqlx::AssertSqlSafe(format!("UPDATE _jobs SET {column} = CAST(x'ff' AS TEXT) WHERE id = {broken}"));
        sqlx::query(spoil).execute(app.db()).await.unwrap();
        app.run_jobs().await;

        let list = Command::List { dead: false, limit: 50, json: true };
        let listed: Vec<Value> = serde_json::from_str(&job_commands::run(app.db(), list).await.unwrap()).unwrap();
        assert_eq!(listed.len(), 2, "{column}");
        assert_eq!(listed[0]["state"], "done", "{column}");
        // Nobody needs the description to run the job.
        assert_eq!(listed[1]["state"], if column == "description" { "done" } else { "dead" }, "{column}");
        if column != "description" {
            let discard = Command::Discard(Selection { ids: Vec::new(), dead: true });
            assert_eq!(job_commands::run(app.db(), discard).await.unwrap(), format!("{broken} discarded\n"));
        }
    }
}
