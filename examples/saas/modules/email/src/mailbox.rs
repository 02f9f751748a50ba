//! `/dev/mail` shows all mail, as its recipients would see it. Only development has it: there, nothing is secret.

use askama::Template;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use kernel::{AppState, Error, Result, Routes, config::Environment};
use lettre::Address;
use mailer::{Content, Kind};
use serde::{Deserialize, Serialize};
use ui::Page;
use uuid::Uuid;

use crate::{
    check::links_of_text,
    deliver, message,
    store::{self, Email, key_of},
};

/// How many mails a page shows.
const SHOWN: i64 = 100;

/// What a mail may do in a browser: show itself.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

pub fn routes() -> Routes {
    Routes::new()
        .route("/dev/mail", get(list))
        .route("/dev/mail.json", get(json))
        .route("/dev/mail/samples/{template}", get(sample))
        .route("/dev/mail/samples/{template}/html", get(sample_html))
        .route("/dev/mail/{id}", get(show))
        .route("/dev/mail/{id}/html", get(html))
        .route("/dev/mail/{id}/raw", get(raw))
}

/// Which mails are wanted, the newest first.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// Those to this address.
    to: String,
    /// Those after the mail with this id.
    after: Option<Uuid>,
}

/// A mail as its recipient reads it.
#[derive(Serialize)]
struct Letter {
    #[serde(flatten)]
    email: Email,
    subject: String,
    text: String,
    html: String,
    links: Vec<String>,
}

impl Letter {
    /// A mail that cannot be written any more says so in its text.
    fn of(state: &AppState, email: Email) -> Self {
        let content = deliver::write(state, &email).unwrap_or_else(|error| Content {
            subject: "(cannot be written)".to_owned(),
            text: format!("{error:#}"),
            html: String::new(),
        });
        let Content { subject, text, html } = content;
        Self { email, subject, links: links_of_text(&text), text, html }
    }
}

async fn find_all(state: &AppState, wanted: &Wanted) -> Result<Vec<Letter>> {
    only_in_development(state)?;
    let query =
        sqlx::query_as("SELECT * FROM emails WHERE ($1 = '' OR to_key = $1) AND id > $2 ORDER BY id DESC LIMIT $3");
    let query = query.bind(key_of(&wanted.to)).bind(wanted.after.unwrap_or_default()).bind(SHOWN);
    let emails: Vec<Email> = query.fetch_all(&state.db).await?;
    Ok(emails.into_iter().map(|email| Letter::of(state, email)).collect())
}

async fn find(state: &AppState, id: Uuid) -> Result<Letter> {
    only_in_development(state)?;
    Ok(Letter::of(state, store::find(&state.db, id).await?.ok_or(Error::NotFound)?))
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct ListPage {
    page: Page,
    letters: Vec<Letter>,
    to: String,
    templates: Vec<&'static str>,
}

async fn list(State(state): State<AppState>, page: Page, Query(wanted): Query<Wanted>) -> Result<Html<String>> {
    let letters = find_all(&state, &wanted).await?;
    let templates = state.all::<&'static Kind>().iter().map(|kind| kind.name).collect();
    Ok(Html(ListPage { page, letters, to: wanted.to, templates }.render()?))
}

/// For tests that follow the links in mails.
async fn json(State(state): State<AppState>, Query(wanted): Query<Wanted>) -> Result<Response> {
    Ok(Json(find_all(&state, &wanted).await?).into_response())
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    page: Page,
    title: String,
    headers: String,
    text: String,
    links: Vec<String>,
    html: String,
    raw: Option<String>,
}

async fn show(State(state): State<AppState>, page: Page, Path(id): Path<Uuid>) -> Result<Html<String>> {
    let Letter { email, subject, text, links, .. } = find(&state, id).await?;
    let headers = match compose(&state, &email) {
        Ok(message) => message::headers(&message),
        Err(error) => format!("{error:#}"),
    };
    let here = format!("/dev/mail/{id}");
    let (html, raw) = (format!("{here}/html"), Some(format!("{here}/raw")));
    Ok(Html(LetterPage { page, title: subject, headers, text, links, html, raw }.render()?))
}

async fn html(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    Ok(sandboxed(find(&state, id).await?.html))
}

async fn raw(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    let Letter { email, .. } = find(&state, id).await?;
    let message = compose(&state, &email)?.formatted();
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], message).into_response())
}

fn compose(state: &AppState, email: &Email) -> anyhow::Result<lettre::Message> {
    deliver::compose(state, email, &email.to_address.parse::<Address>()?)
}

async fn sample(State(state): State<AppState>, page: Page, Path(template): Path<String>) -> Result<Html<String>> {
    let Content { subject, text, .. } = write_sample(&state, &template)?;
    let (links, html) = (links_of_text(&text), format!("/dev/mail/samples/{template}/html"));
    let headers = format!("Subject: {subject}");
    Ok(Html(LetterPage { page, title: subject, headers, text, links, html, raw: None }.render()?))
}

async fn sample_html(State(state): State<AppState>, Path(template): Path<String>) -> Result<Response> {
    Ok(sandboxed(write_sample(&state, &template)?.html))
}

fn write_sample(state: &AppState, template: &str) -> Result<Content> {
    only_in_development(state)?;
    let kind = state.all::<&'static Kind>().iter().find(|kind| kind.name == template).ok_or(Error::NotFound)?;
    Ok((kind.write)(&(kind.sample)()?, state)?)
}

fn sandboxed(html: String) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, SANDBOX)], Html(html)).into_response()
}

fn only_in_development(state: &AppState) -> Result<()> {
    match state.config.environment {
        Environment::Development => Ok(()),
        Environment::Production => Err(Error::NotFound),
    }
}
