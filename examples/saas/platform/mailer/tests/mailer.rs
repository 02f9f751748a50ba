//! Mails, where nobody delivers them.

use kernel::{AppState, Application, Config, Module};
use mailer::{Content, Drafts, Kind, Mail, ModuleExt, Recipient, Stream};
use serde::{Deserialize, Serialize};
use testkit::TestApp;

#[derive(Serialize, Deserialize)]
struct Welcome {
    name: String,
}

impl Mail for Welcome {
    const NAME: &'static str = "shop.welcome";
    const STREAM: Stream = Stream::Notification;

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let text = format!("Welcome to {}, {}.", state.config.public_url.join("/shop"), self.name);
        Ok(Content { subject: format!("Hello {}", self.name), html: format!("<p>{text}</p>"), text })
    }

    fn sample() -> Self {
        Self { name: "Ann".to_owned() }
    }
}

fn shop() -> Module {
    Module::new("shop").mail::<Welcome>()
}

#[tokio::test]
async fn a_mail_becomes_a_draft() {
    let app = TestApp::start(vec![mailer::module(), shop()]).await;
    let state = &app.application.state;
    let mut transaction = kernel::database::begin(app.db()).await.unwrap();
    let to = Recipient::new("ann@example.com").key("welcome".to_owned());
    mailer::send(state, &mut transaction, &to, &Welcome::sample()).await.unwrap();
    transaction.commit().await.unwrap();

    let drafts = state.service::<Drafts>().all();
    assert_eq!(drafts.len(), 1);
    assert_eq!((drafts[0].kind.name, &drafts[0].to), ("shop.welcome", &to));
    assert_eq!(drafts[0].content.text, "Welcome to https://app.test/shop, Ann.");
}

#[tokio::test]
async fn a_subject_is_one_line() {
    let app = TestApp::start(vec![mailer::module(), shop()]).await;
    let mut transaction = kernel::database::begin(app.db()).await.unwrap();
    let mail = Welcome { name: "Ann\r\nBcc: bob@example.com".to_owned() };
    let state = &app.application.state;
    let error = mailer::send(state, &mut transaction, &Recipient::new("ann@example.com"), &mail).await.unwrap_err();
    assert!(format!("{error:#}").contains("more than a line"), "{error:#}");
    assert!(state.service::<Drafts>().all().is_empty());
}

#[tokio::test]
async fn every_kind_has_a_sample_and_what_is_stored_must_fit() {
    let app = TestApp::start(vec![mailer::module(), shop()]).await;
    let state = &app.application.state;
    for kind in state.all::<&'static Kind>() {
        let sample = (kind.sample)().unwrap();
        assert!(!(kind.write)(&sample, state).unwrap().subject.is_empty());
        assert!((kind.write)(&serde_json::Value::Null, state).is_err());
    }
}

#[tokio::test]
async fn production_needs_somebody_who_delivers() {
    let app = TestApp::start(vec![]).await;
    let variables =
        [("APP_ENV", "production"), ("PUBLIC_URL", "https://app.test"), ("DATABASE_URL", app.database_url())];
    let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let modules = vec![mailer::module(), shop()];
    let config = Config::from_variables(&variables, &modules).unwrap();
    let error = Application::build(config, app.db().clone(), modules).unwrap_err();
    assert!(format!("{error:#}").contains("delivers mail"), "{error:#}");
}
