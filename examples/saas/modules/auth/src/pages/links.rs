//! Pages that mailed links lead to. Whatever opens a link, such as a scanner of mails, changes nothing: the token moves from the
//! address into a cookie, and the form on the page uses it.

use askama::Template;
use axum::{
    Form,
    extract::{FromRequestParts, Query, State},
    http::{HeaderName, header, request::Parts},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use cookie::time::Duration;
use kernel::{AppState, Error, Result};
use serde::Deserialize;
use ui::{Page, components::flash};

use super::refusal::Refusal;
use crate::{
    account,
    accounts::{self, Choice, NAME},
    client::Client,
    cookies, deletion,
    links::{self, Link, Purpose, Stored},
    passwords,
    sessions::Session,
};

const COOKIE_AGE: Duration = Duration::HOUR;

/// What a page of this kind tells nobody else about.
const REFERRER: [(HeaderName, &str); 1] = [(header::REFERRER_POLICY, "same-origin")];

#[derive(Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

/// The token of a link, as the cookie has it.
pub struct Token(String);

impl FromRequestParts<AppState> for Token {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let query = Query::<TokenQuery>::try_from_uri(&parts.uri);
        if let Ok(Query(TokenQuery { token: Some(token) })) = query {
            let cookie = AppendHeaders([cookies::set(state, cookies::LINK, &token, Some(COOKIE_AGE))]);
            return Err((cookie, REFERRER, Redirect::to(parts.uri.path())).into_response());
        }
        let cookie = cookies::read(state, &parts.headers, cookies::LINK);
        cookie.map(Self).ok_or_else(|| links::gone().into_response())
    }
}

impl Token {
    pub async fn find(&self, state: &AppState, purposes: &[Purpose]) -> Result<Link> {
        links::find(state, &self.0, purposes).await
    }
}

/// Asks for what an account still needs: a password, and a name where it is a new one.
#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage {
    page: Page,
    link: Link,
    name: String,
    refusal: Refusal,
}

impl ChoosePage {
    const fn is_new(&self) -> bool {
        matches!(self.link.purpose, Stored(Purpose::SignUp))
    }

    const fn path(&self) -> &'static str {
        let Stored(purpose) = self.link.purpose;
        purpose.page()
    }

    const fn heading(&self) -> &'static str {
        match self.link.purpose {
            Stored(Purpose::SignUp) => "Finish your sign-up",
            Stored(Purpose::Invite) => "Choose a password",
            Stored(_) => "Choose another password",
        }
    }
}

async fn show(state: &AppState, page: Page, token: &Token, purposes: &[Purpose]) -> Result<impl IntoResponse + use<>> {
    let link = token.find(state, purposes).await?;
    let form = ChoosePage { page, link, name: String::new(), refusal: Refusal::default() };
    Ok((REFERRER, Html(form.render()?)))
}

fn refuse(error: Error, page: Page, link: Link, name: String) -> Result<Response> {
    let refusal = Refusal::of(error)?;
    let (status, wait) = refusal.head();
    Refusal::answer(status, wait, &ChoosePage { page, link, name, refusal })
}

pub async fn sign_up_form(State(state): State<AppState>, page: Page, token: Token) -> Result<impl IntoResponse> {
    show(&state, page, &token, &[Purpose::SignUp]).await
}

pub async fn sign_up(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    token: Token,
    Form(choice): Form<Choice>,
) -> Result<Response> {
    let link = token.find(&state, &[Purpose::SignUp]).await?;
    match accounts::sign_up(&state, &client, &link, &choice).await {
        Ok((user, cookies)) => {
            let forget = AppendHeaders([cookies::forget(&state, cookies::LINK)]);
            let welcome = flash::success(format!("Welcome, {}.", user.name));
            let next = link.next.as_deref().unwrap_or("/");
            Ok((cookies, forget, welcome.redirect(next)).into_response())
        }
        Err(error) => refuse(error, page, link, choice.name),
    }
}

const PASSWORD: [Purpose; 2] = [Purpose::Reset, Purpose::Invite];

pub async fn reset_form(State(state): State<AppState>, page: Page, token: Token) -> Result<impl IntoResponse> {
    show(&state, page, &token, &PASSWORD).await
}

pub async fn reset(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    token: Token,
    Form(choice): Form<Choice>,
) -> Result<Response> {
    let link = token.find(&state, &PASSWORD).await?;
    match accounts::reset(&state, &client, &link, &choice).await {
        Ok(cookies) => {
            let forget = AppendHeaders([cookies::forget(&state, cookies::LINK)]);
            let done = flash::success("Your password is changed. Sign in with it.");
            Ok((cookies, forget, done.redirect("/login")).into_response())
        }
        Err(error) => refuse(error, page, link, String::new()),
    }
}

/// A page with one button, which does what its link is for.
#[derive(Template)]
#[template(path = "button.html")]
struct ButtonPage {
    page: Page,
    heading: &'static str,
    text: String,
    button: &'static str,
    path: &'static str,
}

async fn button(state: &AppState, page: Page, token: &Token, purpose: Purpose) -> Result<impl IntoResponse + use<>> {
    let email = token.find(state, &[purpose]).await?.email;
    let (heading, text, button) = match purpose {
        Purpose::Change => ("Confirm your new address", format!("Your account will use {email}."), "Use this address"),
        Purpose::Undo => (
            "Take the address back",
            format!(
                "Your account will use {email} again. Everybody is signed out, and you get a mail to choose a password."
            ),
            "Take it back",
        ),
        _ => ("Keep the account", format!("The account of {email} will not be deleted."), "Keep it"),
    };
    let page = ButtonPage { page, heading, text, button, path: purpose.page() };
    Ok((REFERRER, Html(page.render()?)))
}

fn done(state: &AppState, text: &str, to: &str) -> Response {
    let forget = AppendHeaders([cookies::forget(state, cookies::LINK)]);
    (forget, flash::success(text).redirect(to)).into_response()
}

pub async fn change_form(State(state): State<AppState>, page: Page, token: Token) -> Result<impl IntoResponse> {
    button(&state, page, &token, Purpose::Change).await
}

pub async fn change(State(state): State<AppState>, client: Client, session: Session, token: Token) -> Result<Response> {
    let link = token.find(&state, &[Purpose::Change]).await?;
    account::change_email(&state, &client, &session, &link).await?;
    Ok(done(&state, "Your address is changed.", "/account"))
}

pub async fn undo_form(State(state): State<AppState>, page: Page, token: Token) -> Result<impl IntoResponse> {
    button(&state, page, &token, Purpose::Undo).await
}

pub async fn undo(State(state): State<AppState>, client: Client, token: Token) -> Result<Response> {
    let link = token.find(&state, &[Purpose::Undo]).await?;
    account::undo_email(&state, &client, &link).await?;
    Ok(done(&state, "The address is yours again. Look into your mail to choose a password.", "/login"))
}

pub async fn keep_form(State(state): State<AppState>, page: Page, token: Token) -> Result<impl IntoResponse> {
    button(&state, page, &token, Purpose::Keep).await
}

pub async fn keep(State(state): State<AppState>, client: Client, token: Token) -> Result<Response> {
    let link = token.find(&state, &[Purpose::Keep]).await?;
    deletion::keep(&state, &client, &link).await?;
    Ok(done(&state, "Your account stays. Sign in to use it.", "/login"))
}
