//! A mail to see whether mail arrives: `app mail test`.

use askama::Template;
use kernel::{APP_NAME, AppState};
use mailer::{Content, Mail};
use serde::{Deserialize, Serialize};

/// Says nothing but that it has arrived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TestMail {}

#[derive(Template)]
#[template(path = "mails/test.txt")]
struct Text<'a> {
    app_name: &'a str,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "mails/test.html")]
struct Html<'a> {
    app_name: &'a str,
    url: &'a str,
}

impl Mail for TestMail {
    const NAME: &'static str = "email.test";

    fn write(&self, state: &AppState) -> anyhow::Result<Content> {
        let (app_name, url) = (APP_NAME, &*state.config.public_url.join("/"));
        Ok(Content {
            subject: format!("Test mail of {app_name}"),
            text: Text { app_name, url }.render()?,
            html: Html { app_name, url }.render()?,
        })
    }

    fn sample() -> Self {
        Self {}
    }
}
