//! `/admin/mail`: the queue, for administrators. It shows neither what gives access nor a link that works.

use std::iter;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, Response},
    routing::{get, post},
};
use kernel::{AppState, Db, Error, Result, Routes};
use listing::{Column, Everyone, List, ListQuery, Listed};
use sqlx::FromRow;
use time::{Duration, OffsetDateTime};
use ui::{Page, components::flash};
use uuid::Uuid;

use crate::{
    check::links_of_text,
    deliver,
    store::{self, Email, STATES},
    suppression::{self, Suppression},
};

pub const PATH: &str = "/admin/mail";

/// What the overview counts.
const RECENT: Duration = Duration::days(7);

pub fn routes() -> Routes {
    Routes::new()
        .route(PATH, get(list))
        .route("/admin/mail/{id}", get(show))
        .route("/admin/mail/{id}/retry", post(retry))
        .route("/admin/mail/{id}/cancel", post(cancel))
        .route("/admin/mail/{id}/suppress", post(suppress))
        .route("/admin/mail/{id}/unsuppress", post(unsuppress))
}

impl Listed for Email {
    type Owner = Everyone;

    const FROM: &'static str = "emails";
    const COLUMNS: &'static [Column] = &[
        Column::text("to_address").sortable().filterable(),
        Column::one_of("state", STATES).sortable().filterable(),
        Column::text("template").sortable().filterable(),
        Column::uuid("id").filterable(),
        Column::timestamp("created_at").sortable().filterable(),
    ];
    const DEFAULT_SORT: &'static str = "-created_at";
}

/// How the queue does.
pub struct Overview {
    pub waiting: i64,
    pub oldest: Option<OffsetDateTime>,
    pub sent_in_an_hour: i64,
    pub possibly_doubled: i64,
    /// Of the last days.
    pub reasons: Vec<Count>,
    pub templates: Vec<Count>,
}

#[derive(FromRow)]
pub struct Count {
    pub name: String,
    pub state: String,
    pub mails: i64,
}

impl Overview {
    async fn read(db: &Db, now: OffsetDateTime) -> sqlx::Result<Self> {
        let since = now - RECENT;
        let query = "SELECT count(*), min(created_at) FROM emails WHERE state IN ('queued', 'sending')";
        let (waiting, oldest) = sqlx::query_as(query).fetch_one(db).await?;
        let query = "SELECT count(*) FROM emails WHERE sent_at > $1 AND created_at > $2";
        let query = sqlx::query_scalar(query).bind(now - Duration::HOUR).bind(since);
        let sent_in_an_hour = query.fetch_one(db).await?;
        let query = "SELECT count(*) FROM emails WHERE doubts > 0 AND created_at > $1";
        let possibly_doubled = sqlx::query_scalar(query).bind(since).fetch_one(db).await?;
        let query = "SELECT reason AS name, state, count(*) AS mails FROM emails \
             WHERE reason IS NOT NULL AND created_at > $1 GROUP BY reason, state ORDER BY mails DESC, name, state LIMIT 20";
        let reasons = sqlx::query_as(query).bind(since).fetch_all(db).await?;
        let query = "SELECT template AS name, state, count(*) AS mails FROM emails \
             WHERE created_at > $1 GROUP BY template, state ORDER BY name, mails DESC, state LIMIT 50";
        let templates = sqlx::query_as(query).bind(since).fetch_all(db).await?;
        Ok(Self { waiting, oldest, sent_in_an_hour, possibly_doubled, reasons, templates })
    }

    /// What was counted: a title, the head of the first column, and the rows.
    const fn tables(&self) -> [(&'static str, &'static str, &Vec<Count>); 2] {
        [
            ("Why mail has waited or failed within 7 days", "Reason", &self.reasons),
            ("What was sent within 7 days", "Template", &self.templates),
        ]
    }
}

#[derive(Template)]
#[template(path = "monitor.html")]
struct ListPage {
    page: Page,
    overview: Overview,
    states: Vec<(&'static str, &'static str)>,
    emails: List<Email>,
}

async fn list(State(state): State<AppState>, page: Page, query: ListQuery<Email>) -> Result<Html<String>> {
    let overview = Overview::read(&state.db, store::now(&state)).await?;
    let states = iter::once(("", "Any")).chain(STATES.iter().map(|state| (*state, *state))).collect();
    let emails = query.fetch(&state.db).await?;
    Ok(Html(ListPage { page, overview, states, emails }.render()?))
}

#[derive(FromRow)]
struct Event {
    provider: String,
    kind: String,
    detail: Option<String>,
    created_at: OffsetDateTime,
}

#[derive(Template)]
#[template(path = "monitored.html")]
struct EmailPage {
    page: Page,
    email: Email,
    events: Vec<Event>,
    suppressions: Vec<Suppression>,
    /// What it says, where that may be seen.
    preview: Option<(String, String)>,
}

async fn show(State(state): State<AppState>, page: Page, Path(id): Path<Uuid>) -> Result<Html<String>> {
    let email = find(&state, id).await?;
    let query = "SELECT provider, kind, detail, created_at FROM email_events WHERE email_id = $1 \
         ORDER BY created_at, id LIMIT 100";
    let events = sqlx::query_as(query).bind(id).fetch_all(&state.db).await?;
    let suppressions = suppression::list(&state.db, Some(&email.to_address), 20).await?;
    let preview = preview(&state, &email);
    Ok(Html(EmailPage { page, email, events, suppressions, preview }.render()?))
}

/// The subject and the text, without links. What gives access is for its recipient alone.
fn preview(state: &AppState, email: &Email) -> Option<(String, String)> {
    let content = if email.is_secret { None } else { deliver::write(state, email).ok() }?;
    let hide = |text: String| links_of_text(&text).iter().fold(text, |text, link| text.replace(link, "[link]"));
    Some((hide(content.subject), hide(content.text)))
}

async fn find(state: &AppState, id: Uuid) -> Result<Email> {
    store::find(&state.db, id).await?.ok_or(Error::NotFound)
}

fn back(id: Uuid, is_done: bool, done: &str, refused: &str) -> Response {
    let message = if is_done { flash::success(done) } else { flash::error(refused) };
    message.redirect(&format!("{PATH}/{id}"))
}

async fn retry(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    find(&state, id).await?;
    let is_done = store::retry(&state, id).await?;
    Ok(back(id, is_done, "The mail is tried again now.", "This mail is being sent, or has arrived."))
}

async fn cancel(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    find(&state, id).await?;
    let is_done = store::cancel(&state, id).await?;
    Ok(back(id, is_done, "The mail will not be sent.", "This mail does not wait any more."))
}

async fn suppress(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    let email = find(&state, id).await?;
    suppression::suppress(&state, &email.to_address, suppression::ALL, "admin").await?;
    Ok(back(id, true, "This address gets no more mail.", ""))
}

async fn unsuppress(State(state): State<AppState>, Path(id): Path<Uuid>) -> Result<Response> {
    let email = find(&state, id).await?;
    let is_done = suppression::remove(&state.db, &email.to_address).await?;
    Ok(back(id, is_done, "This address gets mail again.", "This address gets mail already."))
}
