//! Everything at the same time: nobody waits in a circle.

use auth::commands::Command;
use futures_util::future::{BoxFuture, FutureExt, join_all};
use hyper::Request;
use serde_json::{Value, json};
use testkit::{Browser, TestApp};

use crate::{ANN, PASSWORD, browser, run, start_with, turn_on, waiting};

const ROUNDS: usize = 12;

/// What should not be answered, if anything.
type Fault<'a> = BoxFuture<'a, Option<String>>;

fn ask<'a>(app: &'a TestApp, at: &'static str, cookie: &str, body: &Value) -> Fault<'a> {
    let (method, path) = at.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json").header("cookie", cookie);
    let answer = app.send(request, body.to_string());
    answer.map(move |answer| (answer.status.as_u16() >= 500).then(|| format!("{at}: {}", answer.body))).boxed()
}

fn cookie(browser: &Browser<'_>, name: &str) -> String {
    format!("{name}={}", browser.cookie(name).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_in_a_circle() {
    let app = start_with(&[("DATABASE_CONNECTIONS", "30")]).await;
    let mut signed_in = browser(&app, ANN).await;
    let session = cookie(&signed_in, "session");
    let mut faults = Vec::new();
    for _ in 0..ROUNDS {
        let (_, codes) = turn_on(&app, &mut signed_in).await;
        let pending = cookie(&waiting(&app, PASSWORD).await, "pending");
        let mut all = vec![
            ask(&app, "POST /api/v1/auth/second-factor", &pending, &json!({ "code": codes[0] })),
            ask(&app, "POST /api/v1/auth/second-factor", &pending, &json!({ "code": "wrong" })),
            ask(&app, "DELETE /api/v1/account/two-factor", &session, &Value::Null),
            ask(&app, "DELETE /api/v1/account/sessions?except=current", &session, &Value::Null),
        ];
        for _ in 0..3 {
            all.push(ask(&app, "POST /api/v1/account/two-factor/recovery-codes", &session, &Value::Null));
            all.push(ask(&app, "POST /api/v1/account/two-factor/recovery-codes/saved", &session, &Value::Null));
        }
        faults.extend(join_all(all).await.into_iter().flatten());
        // Attempts count, and it may be on still.
        run(&app, Command::Unlock { email: ANN.to_owned() }).await.unwrap();
        ask(&app, "DELETE /api/v1/account/two-factor", &session, &Value::Null).await;
    }
    assert_eq!(faults, Vec::<String>::new());
}
