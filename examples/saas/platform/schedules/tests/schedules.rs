//! Schedules are kept once, by however many processes, and made up for after a pause.

use kernel::{AppState, Job, Module, jobs};
use schedules::{ModuleExt as _, Schedule, accept_due};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use time::{Duration, OffsetDateTime};
use tokio::{sync::Notify, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Is due at half past every hour.
#[derive(Serialize, Deserialize)]
struct Chime {
    minute: u8,
}

static CHIMED: Notify = Notify::const_new();

impl Job for Chime {
    const NAME: &'static str = "clock.chime";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        anyhow::ensure!(self.minute == 30, "not at this time");
        CHIMED.notify_one();
        Ok(())
    }
}

impl Schedule for Chime {
    const CRON: &'static str = "30 * * * *";

    fn due(at: OffsetDateTime) -> Self {
        Self { minute: at.minute() }
    }
}

fn clock() -> Module {
    Module::new("clock").schedule::<Chime>()
}

/// Starts at a full hour.
async fn start() -> (TestApp, OffsetDateTime) {
    let app = TestApp::start(vec![schedules::module(), clock()]).await;
    let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    app.application.state.clock.set(start);
    assert!(!accept_due::<Chime>(&app.application.state).await.unwrap(), "a new schedule waits for its time");
    (app, start)
}

#[tokio::test]
async fn a_job_is_accepted_when_its_time_has_come() {
    let (app, start) = start().await;
    let state = &app.application.state;
    for (minutes, due) in [(29, false), (30, true), (31, false), (89, false), (90, true)] {
        state.clock.set(start + Duration::minutes(minutes));
        assert_eq!(accept_due::<Chime>(state).await.unwrap(), due, "after {minutes} minutes");
    }
    assert_eq!(jobs::due(app.db()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_worker_looks_at_the_clock() {
    let (app, start) = start().await;
    app.application.state.clock.set(start + Duration::minutes(30));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (worker, stop) = (app.application.worker.clone(), stop.clone());
        async move { worker.run(stop).await }
    });
    timeout(PATIENCE, CHIMED.notified()).await.expect("the job runs");
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_processes_accept_it_once() {
    let (app, start) = start().await;
    let state = &app.application.state;
    state.clock.set(start + Duration::minutes(30));
    let mut processes = JoinSet::new();
    for _ in 0..3 {
        let state = state.clone();
        processes.spawn(async move { accept_due::<Chime>(&state).await.unwrap() });
    }
    let accepted = processes.join_all().await.into_iter().filter(|accepted| *accepted).count();
    assert_eq!(accepted, 1);
    assert_eq!(jobs::due(app.db()).await.unwrap(), 1);
}

#[tokio::test]
async fn times_that_were_missed_are_made_up_for_once() {
    let (app, start) = start().await;
    let state = &app.application.state;
    state.clock.set(start + Duration::days(3));
    assert!(accept_due::<Chime>(state).await.unwrap());
    assert!(!accept_due::<Chime>(state).await.unwrap());
    assert_eq!(jobs::due(app.db()).await.unwrap(), 1);
}

#[test]
#[should_panic(expected = "the schedule of clock.broken is malformed")]
fn a_malformed_schedule_is_noticed_at_the_start() {
    #[derive(Serialize, Deserialize)]
    struct Broken;

    impl Job for Broken {
        const NAME: &'static str = "clock.broken";

        async fn run(self, _: AppState) -> anyhow::Result<()> {
            Ok(())
        }
    }

    impl Schedule for Broken {
        const CRON: &'static str = "half past three";

        fn due(_: OffsetDateTime) -> Self {
            Self
        }
    }

    drop(Module::new("clock").schedule::<Broken>());
}
