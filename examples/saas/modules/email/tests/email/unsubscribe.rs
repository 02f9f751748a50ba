//! How a recipient refuses notifications.

use email::State;
use mailer::{Mail, Recipient, Stream};
use serde::{Deserialize, Serialize};
use testkit::TestApp;

use crate::{
    News, Reset, modules, send, send_to,
    server::{MailServer, header},
    states,
};

/// Other news.
#[derive(Serialize, Deserialize)]
struct Offers {}

impl Mail for Offers {
    const NAME: &'static str = "shop.offers";
    const STREAM: Stream = Stream::Notification;

    fn write(&self, state: &kernel::AppState) -> anyhow::Result<mailer::Content> {
        News::sample().write(state)
    }

    fn sample() -> Self {
        Self {}
    }
}

/// The application, and the path that its first mail has for whoever wants no more.
async fn start(server: &MailServer) -> (TestApp, String) {
    let mut modules = modules();
    modules.push(mailer::ModuleExt::mail::<Offers>(kernel::Module::new("offers")));
    let app = TestApp::start_with(modules, &[("SMTP_URL", &server.url)]).await;
    send(&app, &News::sample()).await;
    app.run_jobs().await;
    let mails = server.mails();
    assert_eq!(header(&mails[0], "List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let url = header(&mails[0], "List-Unsubscribe").unwrap();
    let path = url.trim_matches(['<', '>']).strip_prefix("https://app.test").unwrap().to_owned();
    (app, path)
}

#[tokio::test]
async fn scenario_17_one_post_without_a_cookie_refuses_one_kind_of_mail() {
    let Some(server) = MailServer::start(&[]) else { return };
    let (app, path) = start(&server).await;
    let answer = app.post_form(&path, "List-Unsubscribe=One-Click").await;
    assert!(answer.status == 200 && answer.body.contains("Unsubscribed"), "{}", answer.body);
    assert_eq!(app.post_form(&path, "").await.status, 200, "again does no harm");

    send(&app, &News::sample()).await;
    send(&app, &Offers::sample()).await;
    send(&app, &Reset::sample()).await;
    send_to(&app, &Recipient::new("bob@example.com"), &News::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await[1..], [State::Suppressed, State::Sent, State::Sent, State::Sent]);
}

/// Scanners of mail follow every link.
#[tokio::test]
async fn scenario_17_to_look_changes_nothing() {
    let Some(server) = MailServer::start(&[]) else { return };
    let (app, path) = start(&server).await;
    for _ in 0..5 {
        let page = app.get(&path).await;
        assert!(page.status == 200 && page.body.contains("<form") && page.body.contains("ann@example.com"));
        app.send(axum::http::Request::head(&*path), "").await;
    }
    send(&app, &News::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Sent, State::Sent]);
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused() {
    let Some(server) = MailServer::start(&[]) else { return };
    let (app, path) = start(&server).await;
    let (what, signature) = path.split_once('.').unwrap();
    for wrong in [
        "/mail/unsubscribe",
        "/mail/unsubscribe?token=",
        what,
        &path[..path.len() - 1],
        &format!("{what}x.{signature}"),
    ] {
        for answer in [app.get(wrong).await, app.post_form(wrong, "List-Unsubscribe=One-Click").await] {
            assert_eq!(answer.status, 400, "{wrong}");
        }
    }
    send(&app, &News::sample()).await;
    app.run_jobs().await;
    assert_eq!(states(&app).await, [State::Sent, State::Sent]);
}

#[tokio::test]
async fn only_notifications_can_be_refused() {
    let Some(server) = MailServer::start(&[]) else { return };
    let (app, _) = start(&server).await;
    send(&app, &Reset::sample()).await;
    app.run_jobs().await;
    let mails = server.mails();
    assert_eq!(header(&mails[1], "List-Unsubscribe"), None);
}
