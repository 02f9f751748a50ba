//! `/admin/mail`.

use email::{State, TestMail};
use mailer::{Mail, Recipient};
use testkit::TestApp;

use crate::{News, Reset, email, emails, run_all_jobs, send, send_to, server::MailServer, start, states};

async fn page(app: &TestApp, path: &str) -> String {
    let answer = app.as_role("admin").get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

async fn post(app: &TestApp, path: &str) -> String {
    let answer = app.as_role("admin").post_form(path, "").await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.body);
    answer.header("set-cookie").to_owned()
}

#[tokio::test]
async fn only_administrators_see_it() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    let here = format!("/admin/mail/{}", email(&app).await.id);
    for (visitor, status) in [(app.clone(), 401), (app.as_user(), 403)] {
        assert_eq!(visitor.get("/admin/mail").await.status, status);
        assert_eq!(visitor.get(&here).await.status, status);
        for action in ["retry", "cancel", "suppress", "unsuppress"] {
            assert_eq!(visitor.post_form(&format!("{here}/{action}"), "").await.status, status, "{action}");
        }
        assert!(!visitor.get("/").await.body.contains("/admin/mail"));
    }
    assert!(page(&app, "/").await.contains("href=\"/admin/mail\""));
    assert_eq!(states(&app).await, [State::Queued]);
}

#[tokio::test]
async fn mails_are_counted_and_found() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=450 4.2.2 <b>full</b>", "--times", "1"]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    send_to(&app, &Recipient::new("bob@example.com"), &News::sample()).await;
    app.run_jobs().await;
    let overview = page(&app, "/admin/mail").await;
    assert!(
        overview.contains("1 waiting, the oldest since") && overview.contains("1 sent within an hour"),
        "{overview}"
    );
    for cell in ["<td>rcpt-to</td><td>queued</td>", "<td>shop.news</td><td>sent</td>"] {
        assert!(overview.contains(cell), "no {cell} in {overview}");
    }
    let id = emails(&app).await[0].id;
    for (query, found, other) in [
        ("to_address=bob", "bob@example.com", "Ann@Example.com"),
        ("state=queued", "Ann@Example.com", "bob@example.com"),
        ("template=test", "Ann@Example.com", "bob@example.com"),
        (&format!("id={id}"), "Ann@Example.com", "bob@example.com"),
    ] {
        let list = page(&app, &format!("/admin/mail?{query}")).await;
        assert!(list.contains(found) && !list.contains(other), "{query}: {list}");
    }
    let shown = page(&app, &format!("/admin/mail/{id}")).await;
    assert!(shown.contains("&#60;b&#62;full") && !shown.contains("<b>full"), "what a server says is text: {shown}");
}

#[tokio::test]
async fn nobody_but_the_recipient_sees_what_gives_access() {
    let Some(server) = MailServer::start(&[]) else { return };
    let app = start(&server).await;
    send(&app, &Reset::sample()).await;
    send(&app, &News { title: "Offers".to_owned() }).await;
    let mails = emails(&app).await;
    let secret = page(&app, &format!("/admin/mail/{}", mails[0].id)).await;
    assert!(secret.contains("Only the recipient") && !secret.contains("of-a-sample"), "{secret}");
    let news = page(&app, &format!("/admin/mail/{}", mails[1].id)).await;
    assert!(news.contains("Offers: [link]") && !news.contains("https://app.test/"), "{news}");
}

#[tokio::test]
async fn mails_are_retried_cancelled_and_stopped() {
    let Some(server) = MailServer::start(&["--fault", "rcpt=450 4.2.2 full", "--times", "1"]) else { return };
    let app = start(&server).await;
    send(&app, &TestMail::sample()).await;
    app.run_jobs().await;
    let here = format!("/admin/mail/{}", email(&app).await.id);
    assert!(post(&app, &format!("{here}/cancel")).await.contains("success"));
    assert!(post(&app, &format!("{here}/cancel")).await.contains("error"), "it does not wait any more");
    run_all_jobs(&app).await;
    assert_eq!(states(&app).await, [State::Cancelled]);

    post(&app, &format!("{here}/suppress")).await;
    assert!(page(&app, &here).await.contains("This address gets no mail"));
    post(&app, &format!("{here}/retry")).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Suppressed]);

    post(&app, &format!("{here}/unsuppress")).await;
    post(&app, &format!("{here}/retry")).await;
    app.run_jobs().await;
    assert_eq!((states(&app).await, server.mails().len()), (vec![State::Sent], 1));
    assert!(post(&app, &format!("{here}/retry")).await.contains("error"), "it has arrived");

    let nothing = "/admin/mail/019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10";
    let admin = app.as_role("admin");
    assert_eq!(admin.get(nothing).await.status, 404);
    assert_eq!(admin.post_form(&format!("{nothing}/retry"), "").await.status, 404);
}
