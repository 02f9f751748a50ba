//! Scenario 10: every route of every module, with every method, asked by people of all kinds. What they get follows from the
//! policy of the route.

use auth::commands::{self, Command, Scope, TokenCommand};
use hyper::{Method, Request};
use kernel::{Access, MountedRoute};
use serde_json::{Value, json};
use testkit::{Browser, Response, TestApp};

use crate::{
    IDS,
    access::{object, with_id},
};

const PASSWORD: &str = "many winds by the sea";

const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

const NOT_FOR_TOKENS: &[&str] = &[
    // What manages an account wants a session.
    "/api/v1/account/export",
    "/api/v1/account/sessions",
    "/api/v1/account/tokens",
    // @slot not-for-tokens
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    /// Whom everything belongs to that a path names.
    Owner,
    Other,
    /// With the cookie of a session that has not been ended.
    Deactivated,
    /// A program of the owner that may only read.
    Token,
}

const ALL: [Who; 5] = [Who::Nobody, Who::Owner, Who::Other, Who::Deactivated, Who::Token];

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The handler has answered, also where it refuses what was sent.
    Answer,
    SignIn,
    Forbidden,
    NotThere,
    NoSuchMethod,
}

impl Outcome {
    fn of(response: &Response) -> Self {
        assert!(!response.status.is_server_error(), "{}: {}", response.status, response.body);
        match response.status.as_u16() {
            303 if response.header("location").starts_with("/login?next=") => Self::SignIn,
            // A form has no way back to it.
            303 if response.header("location") == "/login" => Self::SignIn,
            401 => Self::SignIn,
            403 => Self::Forbidden,
            404 => Self::NotThere,
            405 => Self::NoSuchMethod,
            _ => Self::Answer,
        }
    }
}

/// What somebody gets for a method of a route.
fn expected(who: Who, method: &Method, MountedRoute { methods, path, policy }: &MountedRoute) -> Outcome {
    let is_api = path.starts_with("/api/v1/");
    let is_there = methods.split(", ").any(|own| own == method.as_str());
    let there = if is_there { Outcome::Answer } else { Outcome::NoSuchMethod };
    // Pages do not look at tokens.
    let who = if who == Who::Token && !is_api { Who::Nobody } else { who };
    match (policy.access, who) {
        (_, Who::Token) if !method.is_safe() => Outcome::Forbidden,
        (Access::Public, _) => there,
        (_, Who::Nobody | Who::Deactivated) => Outcome::SignIn,
        (Access::Role(_), _) => Outcome::Forbidden,
        (_, Who::Token) if is_there && NOT_FOR_TOKENS.contains(&path.as_str()) => Outcome::Forbidden,
        (_, Who::Other) if is_there && path.contains('{') => Outcome::NotThere,
        _ => there,
    }
}

async fn account(app: &TestApp, email: &str) {
    let create = Command::Create { email: email.to_owned(), name: None, admin: false };
    let printed = commands::run(&app.application.state, create).await.expect("the address is free");
    let (_, token) = printed.trim().split_once("?token=").expect("a link is printed");
    let reset = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.post_json("/api/v1/auth/password/reset", &reset).await.status, 204);
}

/// Somebody who signs in again where a request has ended the session.
struct Person<'a> {
    browser: Browser<'a>,
    email: &'static str,
}

impl<'a> Person<'a> {
    async fn new(app: &'a TestApp, email: &'static str) -> Self {
        account(app, email).await;
        let mut person = Self { browser: app.browser(), email };
        person.sign_in().await;
        person
    }

    async fn sign_in(&mut self) {
        if self.browser.get("/account").await.status == 200 {
            return;
        }
        let form = self.browser.get("/login").await.form("main form");
        let form = form.set("email", self.email).set("password", PASSWORD);
        assert_eq!(self.browser.submit(&form).await.status, 303);
    }

    /// The path with the id of something that belongs to this person.
    async fn make(&mut self, app: &TestApp, path: &str) -> String {
        let (api, body) = object(path);
        if api.is_empty() {
            let body = json!({ "email": self.email, "password": PASSWORD });
            assert_eq!(app.post_json("/api/v1/auth/login", &body).await.status, 200);
            let sessions: Value = self.browser.get("/api/v1/account/sessions").await.json();
            return with_id(path, sessions[0]["id"].as_str().expect("a session has an id"));
        }
        let request = Request::post(api).header("content-type", "application/json");
        let made = self.browser.send(request, body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        with_id(path, made.json::<Value>()["id"].as_str().expect("it has an id"))
    }
}

/// A body that a handler reads, so that it comes to what the request is about.
fn ask(method: &Method, path: &str) -> (hyper::http::request::Builder, &'static str) {
    let (kind, body) = if path.starts_with("/api/") {
        ("application/json", "{\"title\":\"Lead\"}")
    } else {
        ("application/x-www-form-urlencoded", "version=1&title=Lead&body=")
    };
    let request = Request::builder().method(method).uri(path).header("if-match", "*");
    if method.is_safe() || *method == Method::DELETE {
        (request, "")
    } else {
        (request.header("content-type", kind), body)
    }
}

#[tokio::test]
async fn scenario_10_everybody_gets_what_the_policy_says() {
    let app = crate::start().await;
    let mut owner = Person::new(&app, "ann@example.com").await;
    let mut other = Person::new(&app, "bob@example.com").await;
    let mut deactivated = Person::new(&app, "eve@example.com").await;
    let query = "UPDATE users SET deactivated_at = created_at WHERE email = 'eve@example.com'";
    assert_eq!(sqlx::query(query).execute(app.db()).await.expect("it can be written").rows_affected(), 1);
    let create =
        TokenCommand::Create { email: owner.email.to_owned(), name: "Backup".to_owned(), scope: Scope::Read, days: 30 };
    let token = commands::run_token(&app.application.state, create).await.expect("a token is made");
    let mut asked = 0;
    for route in app.application.routes().await {
        for method in METHODS {
            for who in ALL {
                owner.sign_in().await;
                let expected = expected(who, &method, &route);
                let is_own = route.policy.access == Access::SignedIn && route.path.contains('{');
                let path = if is_own && matches!(expected, Outcome::Answer | Outcome::NotThere) {
                    owner.make(&app, &route.path).await
                } else {
                    with_id(&route.path, IDS[1])
                };
                let (request, body) = ask(&method, &path);
                let response = match who {
                    Who::Nobody => app.send(request, body).await,
                    Who::Owner => owner.browser.send(request, body).await,
                    Who::Other => {
                        other.sign_in().await;
                        other.browser.send(request, body).await
                    }
                    Who::Deactivated => deactivated.browser.send(request, body).await,
                    Who::Token => {
                        app.send(request.header("authorization", format!("Bearer {}", token.trim())), body).await
                    }
                };
                let outcome = Outcome::of(&response);
                // What is public, or is not about one of several, may be about something that is not there.
                let names_one = route.policy.access != Access::Public && route.path.contains('{');
                let is_missing = !names_one && outcome == Outcome::NotThere;
                let is_expected = outcome == expected || is_missing && expected == Outcome::Answer;
                assert!(
                    is_expected,
                    "{method} {path} by {who:?}: {outcome:?} and not {expected:?}, {}",
                    response.status
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 1000, "{asked} requests: the routes are not listed any more");
}
