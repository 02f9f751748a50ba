//! Mail, from the module that sends it to the server that takes it, and what comes back.

mod commands;
mod delivery;
mod faults;
mod mailbox;
mod monitor;
mod server;
mod unsubscribe;
mod webhooks;

use email::{Email, State};
use kernel::{AppState, Module, database};
use mailer::{Content, Mail, ModuleExt, Recipient, Stream};
use serde::{Deserialize, Serialize};
use testkit::TestApp;

use crate::server::MailServer;

const ANN: &str = "Ann@Example.com";

/// News, which may be refused.
#[derive(Serialize, Deserialize)]
struct News {
    title: String,
}

impl Mail for News {
    const NAME: &'static str = "shop.news";
    const STREAM: Stream = Stream::Notification;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let url = state.config.public_url.join("/");
        let title = &self.title;
        Ok(Content { subject: title.clone(), text: format!("{title}: {url}"), html: format!("<p>{title}: {url}</p>") })
    }

    fn sample() -> Self {
        Self { title: "News".to_owned() }
    }
}

/// A link that gives access.
#[derive(Serialize, Deserialize)]
struct Reset {
    token: String,
}

impl Mail for Reset {
    const NAME: &'static str = "shop.reset";
    const STREAM: Stream = Stream::Security;
    const SECRET: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let url = state.config.public_url.join(&format!("/?token={}", self.token));
        Ok(Content { subject: "Reset".to_owned(), html: format!("<a href=\"{url}\">{url}</a>"), text: url })
    }

    fn sample() -> Self {
        Self { token: "of-a-sample".to_owned() }
    }
}

/// A link that its recipient has asked for, and that shows that mail arrives.
#[derive(Serialize, Deserialize)]
struct Proof {}

impl Mail for Proof {
    const NAME: &'static str = "shop.proof";
    const PROVES: bool = true;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let url = state.config.public_url.join("/proof");
        Ok(Content { subject: "Proof".to_owned(), html: format!("<a href=\"{url}\">{url}</a>"), text: url })
    }

    fn sample() -> Self {
        Self {}
    }
}

fn modules() -> Vec<Module> {
    let shop = Module::new("shop").mail::<News>().mail::<Reset>().mail::<Proof>();
    vec![ui::module(), ui::components::module(), signing::module(), mailer::module(), email::module(), shop]
}

/// The application, with this mail server.
async fn start(server: &MailServer) -> TestApp {
    start_with(server, &[]).await
}

async fn start_with(server: &MailServer, more: &[(&str, &str)]) -> TestApp {
    let own = [("SMTP_URL", &*server.url), ("SMTP_CA_FILE", &server.authority), ("SMTP_TIMEOUT_SECONDS", "1")];
    TestApp::start_with(modules(), &[&own, more].concat()).await
}

async fn send_to(app: &TestApp, to: &Recipient, mail: &impl Mail) {
    let mut transaction = database::begin(app.db()).await.unwrap();
    mailer::send(&app.application.state, &mut transaction, to, mail).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Sends Ann a mail.
async fn send(app: &TestApp, mail: &impl Mail) {
    send_to(app, &Recipient::new(ANN), mail).await;
}

/// All mails, the oldest first.
async fn emails(app: &TestApp) -> Vec<Email> {
    sqlx::query_as("SELECT * FROM emails ORDER BY id").fetch_all(app.db()).await.unwrap()
}

/// The only mail.
async fn email(app: &TestApp) -> Email {
    let mut emails = emails(app).await;
    assert_eq!(emails.len(), 1);
    emails.remove(0)
}

async fn states(app: &TestApp) -> Vec<State> {
    emails(app).await.iter().map(|email| email.state).collect()
}

/// Runs jobs, also those that wait for their time.
async fn run_all_jobs(app: &TestApp) {
    sqlx::query("UPDATE _jobs SET run_at = 0 WHERE state = 'scheduled'").execute(app.db()).await.unwrap();
    app.run_jobs().await;
}
