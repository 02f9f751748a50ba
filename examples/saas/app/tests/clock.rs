//! A machine whose clock has lost its battery starts before 1970, and the application runs nevertheless.
#![cfg(target_os = "linux")]

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use kernel::{AppState, Job, jobs};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use tokio::time::{interval, timeout};

/// Stands before the clock of the C library, and shows the year 1966.
const SHIM: &str = "
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec -= 60L * 365 * 24 * 3600;
    return failed;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    int failed = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return failed;
}
time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
";

/// No module knows it: the worker tries it and writes down that it failed.
#[derive(Serialize, Deserialize)]
struct Unknown;

impl Job for Unknown {
    const NAME: &'static str = "tests.unknown";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        Ok(())
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn a_clock_before_1970_stops_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, shim) = (folder.join("clock.c"), folder.join("clock.so"));
    fs::write(&source, SHIM).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&shim, &source]).status().unwrap();
    assert!(compiled.success());

    let app = TestApp::start(app::modules()).await;
    let id = jobs::enqueue(&mut app.db().acquire().await.unwrap(), &Unknown).await.unwrap().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_app"));
    server.arg("serve").env_clear().env("LD_PRELOAD", &shim).env("PORT", "0").env("DATABASE_URL", app.database_url());
    let mut server = Server(server.stdout(Stdio::null()).spawn().unwrap());
    let tried = async {
        let mut pause = interval(Duration::from_millis(20));
        loop {
            let query = sqlx::query_scalar("SELECT attempts FROM _jobs WHERE id = $1").bind(id);
            let attempts: i64 = query.fetch_one(app.db()).await.unwrap();
            if attempts > 0 {
                break;
            }
            assert!(server.0.try_wait().unwrap().is_none(), "the server ended");
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(20), tried).await.expect("the worker takes the job");
    assert!(server.0.try_wait().unwrap().is_none(), "the server ended");
}
