use askama::Template;
use axum::{
    Form,
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use kernel::{AppState, Result};
use rest::Path;
use serde::Deserialize;
use ui::{Page, components::flash};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::{
    account::{self, Card, Listed, NewPassword, Which},
    accounts::NAME,
    activity::{self, Entry},
    client::Client,
    deletion, passwords,
    sessions::{Confirmed, Session},
    settings::AuthSettings,
    users::User,
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    user: User,
    name: String,
    cards: Vec<Card>,
    notices: Vec<String>,
    activity: Vec<(&'static str, Entry)>,
    refusal: Refusal,
}

impl AccountPage {
    async fn new(state: &AppState, page: Page, session: &Session) -> Result<Self> {
        let user = account::of(&state.db, session).await?;
        let activity = activity::recent(&state.db, user.id).await?;
        let activity = activity.into_iter().map(|entry| (entry.text(state), entry)).collect();
        let (cards, notices) = (state.all().to_vec(), account::notices(state, &user).await?);
        Ok(Self { page, name: user.name.clone(), user, cards, notices, activity, refusal: Refusal::default() })
    }
}

pub async fn show(State(state): State<AppState>, page: Page, session: Session) -> Result<Html<String>> {
    Ok(Html(AccountPage::new(&state, page, &session).await?.render()?))
}

#[derive(Deserialize)]
pub struct NameForm {
    name: String,
}

pub async fn rename(
    State(state): State<AppState>,
    page: Page,
    session: Session,
    Form(form): Form<NameForm>,
) -> Result<Response> {
    match account::rename(&state, &session, &form.name).await {
        Ok(_) => Ok(flash::success("Your name is changed.").redirect("/account")),
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            let page = AccountPage::new(&state, page, &session).await?;
            Refusal::answer(status, wait, &AccountPage { name: form.name, refusal, ..page })
        }
    }
}

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage {
    page: Page,
    user: User,
    sessions: Vec<Listed>,
    refusal: Refusal,
}

impl SecurityPage {
    async fn new(state: &AppState, page: Page, session: &Session) -> Result<Self> {
        let user = account::of(&state.db, session).await?;
        let sessions = account::sessions(&state.db, session).await?;
        Ok(Self { page, user, sessions, refusal: Refusal::default() })
    }
}

pub async fn security(State(state): State<AppState>, page: Page, session: Session) -> Result<Html<String>> {
    Ok(Html(SecurityPage::new(&state, page, &session).await?.render()?))
}

#[derive(Deserialize)]
pub struct PasswordForm {
    current: String,
    password: String,
    #[serde(default)]
    end_sessions: String,
    #[serde(default)]
    end_tokens: String,
}

pub async fn change_password(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response> {
    let new = NewPassword {
        current: form.current,
        new: form.password,
        end_sessions: !form.end_sessions.is_empty(),
        end_tokens: !form.end_tokens.is_empty(),
    };
    match account::change_password(&state, &client, &session, new).await {
        Ok(cookies) => {
            let done = flash::success("Your password is changed.");
            Ok((cookies, done.redirect("/account/security")).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            let page = SecurityPage::new(&state, page, &session).await?;
            Refusal::answer(status, wait, &SecurityPage { refusal, ..page })
        }
    }
}

pub async fn end_others(State(state): State<AppState>, client: Client, session: Confirmed) -> Result<Response> {
    account::end_sessions(&state, &client, &session.0, Which::Others).await?;
    Ok(flash::success("You are signed out everywhere else.").redirect("/account/security"))
}

pub async fn end_one(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    account::end_sessions(&state, &client, &session.0, Which::One(id)).await?;
    Ok(flash::success("That session is over.").redirect("/account/security"))
}

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage {
    page: Page,
    user: User,
    email: String,
    refusal: Refusal,
}

pub async fn email_form(State(state): State<AppState>, page: Page, session: Confirmed) -> Result<Html<String>> {
    let user = account::of(&state.db, &session.0).await?;
    Ok(Html(EmailPage { page, user, email: String::new(), refusal: Refusal::default() }.render()?))
}

#[derive(Deserialize)]
pub struct EmailForm {
    email: String,
}

pub async fn ask_for_email(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    session: Confirmed,
    Form(EmailForm { email }): Form<EmailForm>,
) -> Result<Response> {
    match account::ask_for_email(&state, &client, &session, &email).await {
        Ok(()) => {
            let sent = "Look into the mail of the new address: the link there finishes the change.";
            Ok(flash::info(sent).redirect("/account"))
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            let user = account::of(&state.db, &session.0).await?;
            Refusal::answer(status, wait, &EmailPage { page, user, email, refusal })
        }
    }
}

/// A file with all that there is about somebody.
pub async fn export(State(state): State<AppState>, session: Confirmed) -> Result<impl IntoResponse> {
    let export = serde_json::to_string_pretty(&deletion::export(&state, &session).await?)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
    ];
    Ok((headers, export))
}

#[derive(Template)]
#[template(path = "delete-account.html")]
struct DeletePage {
    page: Page,
    user: User,
    days: i64,
    refusal: Refusal,
}

async fn delete_page(state: &AppState, page: Page, session: &Session, refusal: Refusal) -> Result<DeletePage> {
    let user = account::of(&state.db, session).await?;
    let days = state.config.settings::<AuthSettings>().deletion.whole_days();
    Ok(DeletePage { page, user, days, refusal })
}

pub async fn delete_form(State(state): State<AppState>, page: Page, session: Confirmed) -> Result<Html<String>> {
    Ok(Html(delete_page(&state, page, &session.0, Refusal::default()).await?.render()?))
}

pub async fn delete(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    session: Confirmed,
    Form(EmailForm { email }): Form<EmailForm>,
) -> Result<Response> {
    match deletion::ask(&state, &client, &session, &email).await {
        Ok(cookies) => {
            let done = flash::info("Your account is deleted. The mail that you get says until when you can keep it.");
            Ok((cookies, done.redirect("/login")).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            Refusal::answer(status, wait, &delete_page(&state, page, &session.0, refusal).await?)
        }
    }
}
