//! Scenario 15: whatever people do with their accounts, no secret of theirs is logged or stored.

use auth::commands::{self, Command, Scope, TokenCommand};
use hyper::Request;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use testkit::{Browser, Form, TestApp};

use crate::{
    people::{ANN, PASSWORD, api, invite, mail_to, path, run, sign_in, token},
    record,
};

const NEW: &str = "lee@example.com";

/// Who knows all secrets, and looks for them.
struct Witness<'a> {
    app: &'a TestApp,
    secrets: Vec<(&'static str, String)>,
    /// All that was stored at any time.
    stored: String,
}

impl Witness<'_> {
    fn knows(&mut self, what: &'static str, secret: &str) {
        // Of a link and of the cookie of a device, the signature: the rest is an id.
        let (_, secret) = secret.rsplit_once('.').unwrap_or(("", secret));
        assert!(secret.len() >= 8, "{what} is {secret:?}, which may stand anywhere");
        self.secrets.push((what, secret.to_owned()));
    }

    async fn knows_cookies(&mut self, browser: &Browser<'_>) {
        for name in ["session", "device", "link"] {
            if let Some(value) = browser.cookie(name) {
                self.knows(name, value);
            }
        }
        self.look().await;
    }

    async fn knows_link(&mut self, what: &'static str, email: &str) -> String {
        self.look().await;
        let text = mail_to(self.app, email).await;
        self.knows(what, token(&text));
        self.look().await;
        text
    }

    /// Reads all columns of all tables, as text.
    async fn look(&mut self) {
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(self.app.db()).await.unwrap();
        for table in tables {
            let columns = "SELECT name FROM pragma_table_info($1)";
            let columns: Vec<String> = sqlx::query_scalar(columns).bind(&table).fetch_all(self.app.db()).await.unwrap();
            let columns: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let rows = format!("SELECT {} FROM \"{table}\"", columns.join(" || ' ' || "));
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(self.app.db()).await.unwrap();
            for row in rows {
                self.stored.extend([&table, ": ", &row, "\n"]);
            }
        }
    }

    fn assert_silence(&self, place: &str, text: &str) {
        for (what, secret) in &self.secrets {
            let bytes = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            for form in
                [secret.clone(), secret.replace(' ', "+"), secret.replace(' ', "%20"), bytes.to_uppercase(), bytes]
            {
                let line = text.lines().find(|line| line.contains(&form));
                assert_eq!(line, None, "{place} has the secret of {what}");
            }
        }
    }
}

async fn submit(browser: &mut Browser<'_>, form: &Form) {
    let response = browser.submit(form).await;
    assert!(response.status.is_redirection() || response.status.is_success(), "{}", response.body);
}

async fn press(browser: &mut Browser<'_>, text: &str) {
    let opened = browser.get(path(text)).await;
    let form = browser.follow(&opened).await.form("main form");
    submit(browser, &form).await;
}

/// Signs up, in and out, signs in again, and confirms.
async fn begin<'a>(app: &'a TestApp, witness: &mut Witness<'a>) -> Browser<'a> {
    let mut browser = app.browser();
    let form = browser.get("/sign-up").await.form("main form").set("email", ANN);
    submit(&mut browser, &form).await;
    let text = witness.knows_link("the link of a sign-up", ANN).await;
    let opened = browser.get(path(&text)).await;
    witness.knows_cookies(&browser).await;
    let form = browser.follow(&opened).await.form("main form").set("name", "Ann");
    witness.knows("a password that is refused", "password1234");
    browser.submit(&form.clone().set("password", "password1234")).await;
    witness.knows("the first password", PASSWORD);
    submit(&mut browser, &form.set("password", PASSWORD)).await;
    witness.knows_cookies(&browser).await;
    let form = browser.get("/account").await.form("form[action='/logout']");
    submit(&mut browser, &form).await;

    witness.knows("a wrong password", "a wrong guess by the river");
    assert_eq!(sign_in(&mut browser, ANN, "a wrong guess by the river").await.status, 401);
    let login = json!({ "email": ANN, "password": PASSWORD, "remember": true });
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/login", &login).await.status, 200);
    witness.knows_cookies(&browser).await;
    let misspelt = json!({ "email": ANN, "pasword": PASSWORD });
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/login", &misspelt).await.status, 422);
    let confirm = json!({ "password": PASSWORD });
    assert_eq!(api(&mut browser, "POST", "/api/v1/auth/confirm", &confirm).await.status, 204);
    witness.knows_cookies(&browser).await;
    browser
}

/// Makes tokens of the API, and uses one where it belongs and where it does not.
async fn use_tokens(app: &TestApp, witness: &mut Witness<'_>, browser: &mut Browser<'_>) {
    let made: Value = api(browser, "POST", "/api/v1/account/tokens", &json!({ "name": "Backup" })).await.json();
    let made = made["token"].as_str().expect("a token is made").to_owned();
    witness.knows("a token of the API", &made);
    let create =
        TokenCommand::Create { email: ANN.to_owned(), name: "Other".to_owned(), scope: Scope::Write, days: 30 };
    let printed = commands::run_token(&app.application.state, create).await.expect("a token is made");
    witness.knows("a token of a command", printed.trim());
    let request = Request::get("/api/v1/account").header("authorization", format!("Bearer {made}"));
    assert_eq!(app.send(request, "").await.status, 200);
    for path in ["/api/v1/account", "/account", "/nothing-here"] {
        app.get(&format!("{path}?access_token={made}")).await;
    }
    app.post_json("/api/v1/auth/email/undo", &json!({ "token": made })).await;
    witness.look().await;
}

/// Changes the address, the password twice and the mind about a deletion.
async fn change<'a>(app: &'a TestApp, witness: &mut Witness<'a>, browser: &mut Browser<'a>) {
    assert_eq!(api(browser, "POST", "/api/v1/account/email", &json!({ "email": NEW })).await.status, 202);
    let text = witness.knows_link("the link of another address", NEW).await;
    press(browser, &text).await;
    witness.knows_link("the link that takes it back", ANN).await;

    let second = "seven chairs under water";
    witness.knows("the second password", second);
    let body = json!({ "current": PASSWORD, "password": second });
    assert_eq!(api(browser, "PUT", "/api/v1/account/password", &body).await.status, 204);
    witness.knows_cookies(browser).await;

    app.post_json("/api/v1/auth/password/forgot", &json!({ "email": NEW })).await;
    let text = witness.knows_link("the link of another password", NEW).await;
    let third = "eleven boats on a hill";
    witness.knows("the third password", third);
    let opened = browser.get(path(&text)).await;
    witness.knows_cookies(browser).await;
    let form = browser.follow(&opened).await.form("main form").set("password", third);
    submit(browser, &form).await;

    sign_in(browser, NEW, third).await;
    witness.knows_cookies(browser).await;
    assert_eq!(api(browser, "DELETE", "/api/v1/account", &json!({ "email": NEW })).await.status, 204);
    let text = witness.knows_link("the link that keeps an account", NEW).await;
    press(browser, &text).await;
}

#[tokio::test]
async fn scenario_15_no_secret_is_logged_or_stored() {
    let turn = record::begin().await;
    let secret = "what this application signs with, which nobody may know";
    let app = TestApp::start_with(app::modules(), &[("APP_SECRET", secret)]).await;
    let mut witness = Witness { app: &app, secrets: Vec::new(), stored: String::new() };
    witness.knows("the application", secret);
    let mut browser = begin(&app, &mut witness).await;
    use_tokens(&app, &mut witness, &mut browser).await;
    change(&app, &mut witness, &mut browser).await;
    witness.knows("the link of an invitation", token(&invite(&app, "bob@example.com").await));
    let reset = run(&app, Command::Reset { email: NEW.to_owned() }).await;
    witness.knows("the link of a command", token(&reset));
    app.run_jobs().await;
    witness.look().await;

    let log = record::take();
    drop(turn);
    // Otherwise there would be nothing to find in it.
    for place in ["account", "request"] {
        assert!(log.contains(place), "the log does not tell of {place}");
    }
    for table in ["_jobs", "activity", "api_tokens", "auth_throttle", "emails", "links", "sessions", "users"] {
        assert!(witness.stored.contains(&format!("\n{table}: ")), "nothing was read from {table}");
    }
    assert!(witness.secrets.len() > 20, "{} secrets", witness.secrets.len());
    witness.assert_silence("the log", &log);
    witness.assert_silence("the database", &witness.stored);
}
