//! 8: guessing is slow, and locks nobody out.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::Request;
use serde_json::json;
use testkit::{Browser, Response, TestApp};

use crate::{
    ANN, OTHER, PASSWORD, account, browser, count, drafts, hashes, mail_to, run, sign_in, start_with, status, token,
};

/// Each client says itself where it is.
async fn start() -> TestApp {
    let app = start_with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("PASSWORD_HASHES_AT_ONCE", "2")]).await;
    account(&app, ANN).await;
    // From now on, time passes when a test says so.
    app.clock().advance(Duration::ZERO);
    app
}

async fn login_from(app: &TestApp, network: &str, email: &str, password: &str) -> Response {
    let request = Request::post("/api/v1/auth/login")
        .header("content-type", "application/json")
        .header("x-forwarded-for", network);
    app.send(request, json!({ "email": email, "password": password }).to_string()).await
}

async fn guess(app: &TestApp, network: &str, email: &str) -> u16 {
    login_from(app, network, email, "wrong").await.status.as_u16()
}

fn network(index: usize) -> String {
    format!("203.0.113.{index}")
}

#[tokio::test]
async fn an_account_is_blocked_for_strangers_and_not_for_its_owner() {
    let app = start().await;
    let mut owner = browser(&app, ANN).await;
    for index in 0..10 {
        assert_eq!(guess(&app, &network(index), ANN).await, 401, "{index}");
    }
    let refused = login_from(&app, &network(50), ANN, PASSWORD).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "900"), "even with the password");
    assert_eq!(guess(&app, &network(50), "unknown@example.com").await, 401);

    assert_eq!(sign_in(&mut owner, ANN, PASSWORD).await.status, 303);
    app.run_jobs().await;
    assert!(mail_to(&app, ANN).content.subject.contains("guess your password"));
    let mails = drafts(&app).len();
    assert_eq!(guess(&app, &network(51), ANN).await, 429);
    app.run_jobs().await;
    assert_eq!(drafts(&app).len(), mails, "one notice a day");

    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": ANN })).await;
    app.run_jobs().await;
    let reset = json!({ "token": token(&mail_to(&app, ANN).content.text), "password": OTHER });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204, "a link helps");
    assert_eq!(login_from(&app, &network(52), ANN, OTHER).await.status, 200);
}

#[tokio::test]
async fn strangers_and_unknown_accounts_are_blocked_alike() {
    let app = start().await;
    for email in [ANN, "unknown@example.com"] {
        let mut statuses = Vec::new();
        for index in 0..12 {
            statuses.push(guess(&app, &network(index), email).await);
        }
        assert_eq!(statuses, [[401; 10].as_slice(), &[429; 2]].concat(), "{email}");
    }
}

#[tokio::test]
async fn a_block_lasts_longer_each_time() {
    let app = start().await;
    for minutes in [15, 30, 60, 120, 240, 240] {
        for index in 0..10 {
            assert_eq!(guess(&app, &format!("2001:db8:{minutes}:{index}::1"), ANN).await, 401, "{minutes}");
        }
        let refused = login_from(&app, "198.51.100.1", ANN, PASSWORD).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, &*(minutes * 60).to_string()));
        app.clock().advance(Duration::from_mins(minutes));
    }
}

#[tokio::test]
async fn a_network_guesses_twenty_times() {
    let app = start().await;
    let mut statuses = Vec::new();
    for index in 0..21_u16 {
        // Of an IPv6 network, any address.
        statuses.push(guess(&app, &format!("2001:db8::{index:x}"), &format!("ann{index}@example.com")).await);
    }
    assert_eq!(statuses, [[401; 20].as_slice(), &[429]].concat());
    assert_eq!(guess(&app, "2001:db8:0:1::1", ANN).await, 401);
    app.clock().advance(Duration::from_mins(5));
    assert_eq!(guess(&app, "2001:db8::1", ANN).await, 401);
}

/// Otherwise a network could go on as long as it likes with accounts that are blocked.
#[tokio::test]
async fn attempts_that_are_refused_count_for_their_network() {
    let app = start().await;
    for index in 0..10 {
        assert_eq!(guess(&app, &network(index), ANN).await, 401);
    }
    for _ in 0..20 {
        assert_eq!(guess(&app, "198.51.100.1", ANN).await, 429);
    }
    assert_eq!(guess(&app, "198.51.100.1", "bob@example.com").await, 429, "the network has had its attempts");
    assert_eq!(guess(&app, "198.51.100.2", "bob@example.com").await, 401);
}

#[tokio::test]
async fn a_success_takes_back_no_more_than_itself() {
    let app = start().await;
    for index in 0..19 {
        assert_eq!(guess(&app, "203.0.113.1", &format!("ann{index}@example.com")).await, 401);
    }
    for _ in 0..3 {
        assert_eq!(login_from(&app, "203.0.113.1", ANN, PASSWORD).await.status, 200);
    }
    assert_eq!(guess(&app, "203.0.113.1", "ann20@example.com").await, 401);
    assert_eq!(guess(&app, "203.0.113.1", "ann21@example.com").await, 429);
}

#[tokio::test]
async fn whoever_is_not_behind_a_proxy_cannot_say_to_be_somebody_else() {
    let app = start_with(&[]).await;
    for index in 0..20 {
        guess(&app, &network(index), &format!("ann{index}@example.com")).await;
    }
    assert_eq!(guess(&app, &network(21), ANN).await, 429);
}

#[tokio::test]
async fn guesses_at_the_same_time_all_count() {
    let app = start().await;
    let before = hashes(&app);
    let networks: Vec<_> = (0..100).map(network).collect();
    let statuses = join_all(networks.iter().map(|network| guess(&app, network, ANN))).await;
    let of = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((of(401), of(429), hashes(&app) - before), (10, 90, 10), "{statuses:?}");
}

#[tokio::test]
async fn the_cookie_of_a_device_is_for_one_account_and_ends_with_its_password() {
    let app = start().await;
    account(&app, "bob@example.com").await;
    let bob = browser(&app, "bob@example.com").await;
    let owner = browser(&app, ANN).await;
    let (of_bob, of_ann) = (bob.cookie("device").unwrap(), owner.cookie("device").unwrap());
    for index in 0..10 {
        guess(&app, &network(index), ANN).await;
    }
    let with = async |device: &str, password: &str| {
        let request = Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .header("x-forwarded-for", "198.51.100.1")
            .header("cookie", format!("device={device}"));
        let body = json!({ "email": ANN, "password": password }).to_string();
        app.send(request, body).await.status.as_u16()
    };
    for forged in [of_bob, "x.y", "", &format!("{of_ann}A")] {
        assert_eq!(with(forged, PASSWORD).await, 429, "{forged}");
    }
    assert_eq!(with(of_ann, PASSWORD).await, 200);
    for _ in 0..10 {
        assert_eq!(with(of_ann, "wrong").await, 401);
    }
    assert_eq!(with(of_ann, PASSWORD).await, 429, "it guesses as well: it is a stranger now");

    app.clock().advance(Duration::from_mins(30));
    let command = auth::commands::Command::Reset { email: ANN.to_owned() };
    let url = run(&app, command).await.unwrap();
    let reset = json!({ "token": token(&url), "password": OTHER });
    app.post_json("/api/v1/auth/password/reset", &reset).await;
    for index in 0..10 {
        guess(&app, &network(index), ANN).await;
    }
    assert_eq!(with(of_ann, OTHER).await, 429);
}

#[tokio::test]
async fn after_a_hundred_failures_in_a_row_the_password_is_worth_nothing() {
    let app = start().await;
    sqlx::query("UPDATE auth_throttle SET attempts = 0").execute(app.db()).await.unwrap();
    for round in 0..10 {
        for index in 0..10 {
            assert_eq!(guess(&app, &format!("2001:db8:{round}:{index}::1"), ANN).await, 401);
        }
        app.clock().advance(Duration::from_hours(4));
    }
    app.clock().advance(Duration::from_hours(48));
    assert_eq!(login_from(&app, "198.51.100.1", ANN, PASSWORD).await.status, 429);
    let command = auth::commands::Command::Unlock { email: ANN.to_owned() };
    run(&app, command).await.unwrap();
    assert_eq!(login_from(&app, "198.51.100.1", ANN, PASSWORD).await.status, 200);
}

/// 9: many logins at once wait for their turn, or are told to come back; everything else goes on.
#[tokio::test]
async fn a_storm_of_logins_is_held_off() {
    let app = start().await;
    let before = hashes(&app);
    let emails: Vec<_> = (0..200).map(|index| format!("ann{index}@example.com")).collect();
    let networks: Vec<_> = (0..200).map(network_of_many).collect();
    let all = emails.iter().zip(&networks).map(|(email, network)| login_from(&app, network, email, "wrong"));
    let (answers, alive) = tokio::join!(join_all(all), app.get("/health/live"));
    assert_eq!(alive.status, 200);
    let busy = answers.iter().filter(|it| it.status == 503 && it.header("retry-after") == "1").count();
    let wrong = answers.iter().filter(|it| it.status == 401).count();
    assert_eq!((busy + wrong, u64::try_from(wrong).unwrap()), (200, hashes(&app) - before));
    assert!(wrong >= 32, "{wrong}");
}

fn network_of_many(index: usize) -> String {
    format!("203.0.{index}.1")
}

#[tokio::test]
async fn too_many_wrong_confirmations_end_the_session() {
    let app = start().await;
    let mut browser: Browser<'_> = browser(&app, ANN).await;
    let form = browser.get("/confirm-access").await.form("main form").set("password", "wrong");
    for _ in 0..5 {
        assert_eq!(browser.submit(&form).await.status, 401);
    }
    assert_eq!(browser.submit(&form).await.status, 429);
    assert_eq!((status(&mut browser, "/account").await, count(&app, "sessions").await), (303, 0));
}
