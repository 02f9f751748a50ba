//! The pages of the second factor. They say what the API says, and follow the same rules.

use askama::Template;
use auth::{Client, Confirmed, Pending, Refusal, Session, Which};
use axum::{
    Form,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kernel::{AppState, Result, Routes, database};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ui::{Page, components::flash};

use crate::{
    factor::{self, Status},
    require::PAGE,
    totp::Key,
};

/// Where a login asks for a code.
pub const LOGIN: &str = "/login/code";

const SET_UP: &str = "/account/two-factor/set-up";

/// What strangers may see.
pub fn public() -> Routes {
    Routes::new().route(LOGIN, get(login_form).post(sign_in))
}

/// What somebody sees of the own account.
pub fn personal() -> Routes {
    Routes::new()
        .route(PAGE, get(show).post(begin))
        .route(SET_UP, get(set_up_form).post(set_up))
        .route("/account/two-factor/codes", get(codes_form).post(make_codes))
        .route("/account/two-factor/saved", post(save_codes))
        .route("/account/two-factor/off", get(off_form).post(turn_off))
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    page: Page,
    refusal: Refusal,
}

async fn login_form(page: Page, _: Pending) -> Result<Html<String>> {
    Ok(Html(CodePage { page, refusal: Refusal::default() }.render()?))
}

#[derive(Deserialize)]
struct CodeForm {
    code: String,
    #[serde(default)]
    end_sessions: String,
}

async fn sign_in(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    pending: Pending,
    Form(form): Form<CodeForm>,
) -> Result<Response> {
    match factor::sign_in(&state, &client, &pending, &form.code).await {
        Ok(signed_in) => {
            let next = pending.next();
            let answer = signed_in.codes_left.map_or_else(
                || Redirect::to(next).into_response(),
                |left| flash::info(format!("You have {left} recovery codes left.")).redirect(next),
            );
            Ok((signed_in.cookies, answer).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            Refusal::answer(status, wait, &CodePage { page, refusal })
        }
    }
}

#[derive(Template)]
#[template(path = "two-factor.html")]
struct TwoFactorPage {
    page: Page,
    status: Status,
}

async fn show(State(state): State<AppState>, page: Page, Confirmed(session): Confirmed) -> Result<Html<String>> {
    let status = factor::status(&state, session.user, session.role).await?;
    Ok(Html(TwoFactorPage { page, status }.render()?))
}

async fn begin(State(state): State<AppState>, Confirmed(session): Confirmed) -> Result<Redirect> {
    factor::begin(&state, &session).await?;
    Ok(Redirect::to(SET_UP))
}

#[derive(Template)]
#[template(path = "set-up.html")]
struct SetUpPage {
    page: Page,
    key: Key,
    picture: String,
    refusal: Refusal,
}

impl SetUpPage {
    async fn new(state: &AppState, page: Page, session: &Session, refusal: Refusal) -> Result<Self> {
        let key = factor::key(state, session).await?;
        Ok(Self { page, picture: key.picture()?, key, refusal })
    }
}

async fn set_up_form(State(state): State<AppState>, page: Page, Confirmed(session): Confirmed) -> Result<Html<String>> {
    Ok(Html(SetUpPage::new(&state, page, &session, Refusal::default()).await?.render()?))
}

/// Recovery codes: the only time that they are shown.
#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage {
    page: Page,
    codes: Vec<String>,
}

impl CodesPage {
    /// A file that needs no other request.
    fn file(&self) -> String {
        format!("data:text/plain,{}", utf8_percent_encode(&format!("{}\n", self.codes.join("\n")), NON_ALPHANUMERIC))
    }
}

async fn set_up(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    Confirmed(session): Confirmed,
    Form(form): Form<CodeForm>,
) -> Result<Response> {
    match factor::turn_on(&state, &client, &session, &form.code).await {
        Ok(codes) => {
            if !form.end_sessions.is_empty() {
                auth::end_sessions(&state, &client, &session, Which::Others).await?;
            }
            Ok(Html(CodesPage { page, codes }.render()?).into_response())
        }
        Err(error) => {
            let refusal = Refusal::of(error)?;
            let (status, wait) = refusal.head();
            Refusal::answer(status, wait, &SetUpPage::new(&state, page, &session, refusal).await?)
        }
    }
}

/// Asks before something is done.
#[derive(Template)]
#[template(path = "sure.html")]
struct SurePage {
    page: Page,
    heading: &'static str,
    text: &'static str,
    action: &'static str,
}

async fn codes_form(page: Page, _: Confirmed) -> Result<Html<String>> {
    let (heading, action) = ("Make new recovery codes", "/account/two-factor/codes");
    let text = "Those that you have now count no more. The new ones are shown once.";
    Ok(Html(SurePage { page, heading, text, action }.render()?))
}

async fn make_codes(
    State(state): State<AppState>,
    page: Page,
    client: Client,
    Confirmed(session): Confirmed,
) -> Result<Html<String>> {
    let codes = factor::make_codes(&state, &client, &session).await?;
    Ok(Html(CodesPage { page, codes }.render()?))
}

#[derive(Deserialize)]
struct SavedForm {
    #[serde(default)]
    saved: String,
}

async fn save_codes(State(state): State<AppState>, session: Session, Form(form): Form<SavedForm>) -> Result<Response> {
    if form.saved.is_empty() {
        return Ok(Redirect::to(PAGE).into_response());
    }
    let mut transaction = database::begin(&state.db).await?;
    factor::set_saved(&mut transaction, session.user, true).await?;
    transaction.commit().await?;
    Ok(flash::success("From now on, signing in takes a code.").redirect(PAGE))
}

async fn off_form(page: Page, _: Confirmed) -> Result<Html<String>> {
    let (heading, action) = ("Turn it off", "/account/two-factor/off");
    let text = "From then on, whoever knows your password can sign in. The recovery codes go as well.";
    Ok(Html(SurePage { page, heading, text, action }.render()?))
}

async fn turn_off(State(state): State<AppState>, client: Client, Confirmed(session): Confirmed) -> Result<Response> {
    factor::turn_off(&state, &client, &session).await?;
    Ok(flash::success("The second factor is off.").redirect(PAGE))
}
