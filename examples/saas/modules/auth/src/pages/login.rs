use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use kernel::{AppState, Result};
use serde::Deserialize;
use ui::Page;

use super::refusal::Refusal;
use crate::{
    accounts,
    client::Client,
    login::{self, Credentials, Outcome},
    next,
    passwords::Password,
    sessions::Session,
    settings::{AuthSettings, SignUp},
};

/// The parameter of an address that says where to go afterwards.
#[derive(Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    next: String,
}

impl Wish {
    fn path(&self) -> &str {
        next::check(&self.next).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    email: String,
    remember: bool,
    next: String,
    can_sign_up: bool,
    refusal: Refusal,
}

impl LoginPage {
    fn new(state: &AppState, page: Page, next: String) -> Self {
        let can_sign_up = state.config.settings::<AuthSettings>().sign_up == SignUp::Open;
        Self { page, email: String::new(), remember: false, next, can_sign_up, refusal: Refusal::default() }
    }
}

pub async fn form(State(state): State<AppState>, page: Page, Query(wish): Query<Wish>) -> Result<Html<String>> {
    Ok(Html(LoginPage::new(&state, page, wish.path().to_owned()).render()?))
}

#[derive(Deserialize)]
pub struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    remember: String,
    #[serde(default)]
    next: String,
}

pub async fn sign_in(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    Form(form): Form<LoginForm>,
) -> Result<Response> {
    let next = next::check(&form.next).unwrap_or_default().to_owned();
    let (password, remember) = (Password::new(&form.password), !form.remember.is_empty());
    let credentials = Credentials { email: &form.email, password, remember, next: &next };
    match login::login(&state, &client, credentials).await {
        Ok(Outcome::Due(steps, cookies)) => {
            let page = steps.first().map_or("/login", |step| step.page);
            Ok((cookies, Redirect::to(page)).into_response())
        }
        Ok(Outcome::SignedIn(_, cookies)) => {
            let to = if next.is_empty() { "/" } else { &next };
            Ok((cookies, Redirect::to(to)).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            let form = LoginPage { email: form.email, remember, refusal, ..LoginPage::new(&state, page, next) };
            Refusal::answer(status, wait, &form)
        }
    }
}

pub async fn sign_out(State(state): State<AppState>, client: Client) -> Result<impl IntoResponse> {
    let cookies = login::logout(&state, &client).await?;
    Ok(([("clear-site-data", "\"cache\"")], cookies, Redirect::to("/")))
}

/// A form that asks for an address and nothing else: for an account, or for another password.
#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    page: Page,
    is_sign_up: bool,
    email: String,
    next: String,
    refusal: Refusal,
}

impl AskPage {
    const fn heading(&self) -> &'static str {
        if self.is_sign_up { "Make an account" } else { "Forgotten password" }
    }

    const fn path(&self) -> &'static str {
        if self.is_sign_up { "/sign-up" } else { "/password/forgot" }
    }

    const fn lead(&self) -> &'static str {
        if self.is_sign_up {
            "You get a mail with a link, where you choose a name and a password."
        } else {
            "You get a mail with a link, where you choose another password."
        }
    }
}

/// The same for everybody.
#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage {
    page: Page,
}

fn ask(page: Page, is_sign_up: bool, next: &str) -> AskPage {
    AskPage { page, is_sign_up, email: String::new(), next: next.to_owned(), refusal: Refusal::default() }
}

pub async fn sign_up_form(page: Page, Query(wish): Query<Wish>) -> Result<Html<String>> {
    Ok(Html(ask(page, true, wish.path()).render()?))
}

pub async fn forgot_form(page: Page) -> Result<Html<String>> {
    Ok(Html(ask(page, false, "").render()?))
}

#[derive(Deserialize)]
pub struct AskForm {
    email: String,
    #[serde(default)]
    next: String,
}

pub async fn sign_up(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    Form(form): Form<AskForm>,
) -> Result<Response> {
    let asked = accounts::ask_for_sign_up(&state, &client, &form.email, Some(&form.next)).await;
    answer(asked, ask(page, true, &form.next), form.email)
}

pub async fn forgot(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    Form(form): Form<AskForm>,
) -> Result<Response> {
    let asked = accounts::ask_for_reset(&state, &client, &form.email).await;
    answer(asked, ask(page, false, ""), form.email)
}

fn answer(asked: Result<()>, form: AskPage, email: String) -> Result<Response> {
    match asked {
        Ok(()) => Ok(Html(SentPage { page: form.page }.render()?).into_response()),
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            Refusal::answer(status, wait, &AskPage { email, refusal, ..form })
        }
    }
}

/// Asks somebody who has signed in for the password once more.
#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    page: Page,
    next: String,
    refusal: Refusal,
}

pub async fn confirm_form(page: Page, _: Session, Query(wish): Query<Wish>) -> Result<Html<String>> {
    let next = wish.path().to_owned();
    Ok(Html(ConfirmPage { page, next, refusal: Refusal::default() }.render()?))
}

#[derive(Deserialize)]
pub struct ConfirmForm {
    password: String,
    #[serde(default)]
    next: String,
}

pub async fn confirm(
    State(state): State<AppState>,
    page: Page,
    session: Session,
    Form(form): Form<ConfirmForm>,
) -> Result<Response> {
    let next = next::check(&form.next).unwrap_or("/account").to_owned();
    match login::confirm(&state, &session, &Password::new(&form.password)).await {
        Ok(cookies) => Ok((cookies, Redirect::to(&next)).into_response()),
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            Refusal::answer(status, wait, &ConfirmPage { page, next, refusal })
        }
    }
}
