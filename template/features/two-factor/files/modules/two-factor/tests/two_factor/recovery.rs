use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{ANN, PASSWORD, api, browser, count, enter, leads, mail_to, start, turn_on, wait_for_a_code, waiting};

#[tokio::test]
async fn a_recovery_code_lets_in_once() {
    let app = start().await;
    let (_, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    let mut browser = waiting(&app, PASSWORD).await;
    // However somebody writes it.
    let form =
        browser.get("/login/code").await.form("main form").set("code", &codes[0].to_lowercase().replace(' ', "-"));
    let page = browser.submit_and_follow(&form).await;
    assert!(page.body.contains("You have 9 recovery codes left."));
    let mail = mail_to(&app, ANN).content;
    assert!(mail.subject.starts_with("A recovery code was used") && mail.text.contains("There are 9 left."));
    assert!(browser.get("/account").await.body.contains("Used a recovery code"));
    let mut browser = waiting(&app, PASSWORD).await;
    assert_eq!(enter(&mut browser, &codes[0]).await.0, 401);
    assert_eq!(enter(&mut browser, &codes[1]).await, leads("/"));
}

/// 11: a recovery code counts once, also for two at the same time.
#[tokio::test]
async fn one_of_many_gets_in_with_a_recovery_code() {
    let app = start().await;
    let (_, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        browsers.push(waiting(&app, PASSWORD).await);
    }
    let answers = join_all(browsers.iter_mut().map(|browser| enter(browser, &codes[3]))).await;
    assert_eq!(answers.iter().filter(|answer| **answer == leads("/")).count(), 1, "{answers:?}");
    assert_eq!(count(&app, "recovery_codes").await, 9);
}

#[tokio::test]
async fn whoever_has_few_codes_is_told() {
    let app = start().await;
    let mut session = browser(&app, ANN).await;
    let (_, codes) = turn_on(&app, &mut session).await;
    let saved = api(&mut session, "POST", "/api/v1/account/two-factor/recovery-codes/saved", &Value::Null).await;
    assert_eq!(saved.status, 204);
    for (index, code) in codes[..7].iter().enumerate() {
        assert!(!session.get("/account").await.body.contains("make new ones"), "{index}");
        assert_eq!(enter(&mut waiting(&app, PASSWORD).await, code).await, leads("/"));
    }
    assert!(session.get("/account").await.body.contains("You have 3 recovery codes left"));

    let form = session.get("/account/two-factor/codes").await.form("main form");
    let page = session.submit(&form).await;
    let new: Vec<_> = page.all("main ol code").iter().map(testkit::Element::text).collect();
    assert!(new.len() == 10 && !new.contains(&codes[9]));
    assert!(mail_to(&app, ANN).content.subject.starts_with("You have new recovery codes"));
    let mut browser = waiting(&app, PASSWORD).await;
    assert_eq!(enter(&mut browser, &codes[9]).await.0, 401, "those from before count no more");
    assert_eq!(enter(&mut browser, &new[0]).await, leads("/"));
}

#[tokio::test]
async fn codes_belong_to_their_owner() {
    let app = start().await;
    let (phone, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    crate::account(&app, "bob@example.com", false).await;
    turn_on(&app, &mut browser(&app, "bob@example.com").await).await;
    wait_for_a_code(&app);
    let mut bob = app.browser();
    crate::sign_in(&mut bob, "bob@example.com", PASSWORD).await;
    for code in [&codes[0], &phone.code(&app)] {
        assert_eq!(enter(&mut bob, code).await.0, 401);
    }
    assert_eq!(count(&app, "recovery_codes").await, 20);
}

/// What is stored is worth nothing to whoever reads it.
#[tokio::test]
async fn no_code_and_no_key_is_stored() {
    let app = start().await;
    let (phone, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT code_hash FROM recovery_codes").fetch_all(app.db()).await.unwrap();
    let salt: String = sqlx::query_scalar("SELECT salt FROM two_factor").fetch_one(app.db()).await.unwrap();
    let payloads: Vec<String> = sqlx::query_scalar("SELECT payload FROM _jobs").fetch_all(app.db()).await.unwrap();
    let all = [stored, payloads, vec![salt]].concat().concat();
    for secret in codes.iter().chain([&phone.0]) {
        assert!(!all.contains(secret.as_str()) && !all.contains(&secret.replace(' ', "")));
    }
    let mail = mail_to(&app, ANN).content.text;
    assert!(!mail.contains(&codes[0]) && !mail.contains(&phone.0));
    let refused = json!({ "code": codes[0] });
    assert_eq!(app.post_json("/api/v1/auth/second-factor", &refused).await.status, 410, "a code alone is nothing");
}
