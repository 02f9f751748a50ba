//! What modules may count on, and what keeps modules from starting that do not fit together.

use std::sync::atomic::{AtomicU16, Ordering};

use axum::{extract::Request, middleware, middleware::Next, routing::get};
use kernel::{
    AppState, Application, Area, Config, Csp, Event, Module, Observer, Policy, ResultExt, Routes, Stage, Visitor,
    database::{self, Connection, Migration},
    observe::Observation,
};
use serde::{Deserialize, Serialize};
use testkit::TestApp;
use uuid::Uuid;

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create people", sql: "CREATE TABLE people (name TEXT NOT NULL UNIQUE)" }];

fn people() -> Module {
    Module::new("people").migrations(MIGRATIONS)
}

/// Signs everybody in who says who they are.
fn doorman() -> Module {
    Module::new("doorman").layer(Stage::Visitor, |router, _, _| {
        router.layer(middleware::from_fn(async |mut request: Request, next: Next| {
            if let Some(role) = request.headers().get("x-role").and_then(|role| role.to_str().ok()) {
                let visitor = Visitor { id: Uuid::nil(), name: "Ada".into(), roles: [role.to_owned()].into() };
                request.extensions_mut().insert(visitor);
            }
            next.run(request).await
        }))
    })
}

#[tokio::test]
async fn a_route_lets_in_whom_its_policy_lets_in() {
    let page = |path| {
        Routes::new().route(
            path,
            get(async |visitor: Option<Visitor>| visitor.map_or_else(String::new, |it| it.name.to_string())),
        )
    };
    let rooms = Module::new("rooms")
        .pages(Policy::PUBLIC, page("/lobby"))
        .pages(Policy::SIGNED_IN, page("/room"))
        .pages(Policy::role("admin"), page("/office"));
    let app = TestApp::start(vec![rooms, doorman()]).await;
    for (path, role, status) in [
        ("/lobby", "", 200),
        ("/room", "", 401),
        ("/room", "guest", 200),
        ("/office", "", 401),
        ("/office", "guest", 403),
        ("/office", "admin", 200),
    ] {
        let mut request = hyper::Request::get(path);
        if !role.is_empty() {
            request = request.header("x-role", role);
        }
        let response = app.send(request, String::new()).await;
        assert_eq!(response.status, status, "{path} for {role:?}");
        let kept = response.header("cache-control");
        assert_eq!(kept == "no-store", !role.is_empty() || status >= 400, "{path} for {role:?}: {kept}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_of_its_route_is_refused() {
    let take = |path| Routes::new().route(path, axum::routing::post(async |body: String| body));
    let shop = Module::new("shop").pages(Policy::PUBLIC.body(10), take("/small")).pages(Policy::PUBLIC, take("/large"));
    let app = TestApp::start(vec![shop]).await;
    assert_eq!(app.post_form("/small", "x=123456789").await.status, 413);
    assert_eq!(app.post_form("/large", "x=123456789").await.status, 200);
}

struct Mailer(&'static str);

#[tokio::test]
async fn a_later_module_replaces_a_service() {
    let one = Module::new("one").provide(|_, _| Ok(Mailer("one"))).needs::<Mailer>();
    let two = Module::new("two").provide(|_, _| Ok(Mailer("two")));
    let app = TestApp::start(vec![one, two]).await;
    assert_eq!(app.application.state.service::<Mailer>().0, "two");
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Topping(&'static str);

#[tokio::test]
async fn parts_of_one_type_are_a_list() {
    let one = Module::new("one").add(Topping("olives")).add(Topping("capers"));
    let app = TestApp::start(vec![one, Module::new("two").add(Topping("basil"))]).await;
    assert_eq!(app.application.state.all::<Topping>(), [Topping("olives"), Topping("capers"), Topping("basil")]);
    assert!(app.application.state.all::<Mailer>().is_empty());
}

struct Born(&'static str);

impl Event for Born {}

async fn congratulate(connection: &mut Connection, Born(name): &Born) -> anyhow::Result<()> {
    anyhow::ensure!(*name != "Rumpelstiltskin", "nobody knows this name");
    sqlx::query("INSERT INTO people (name) VALUES ($1)").bind(name).execute(connection).await?;
    Ok(())
}

#[tokio::test]
async fn an_event_belongs_to_the_transaction_in_which_it_happens() {
    let registry = people().on::<Born>(|_, connection, born| Box::pin(congratulate(connection, born)));
    let app = TestApp::start(vec![registry]).await;
    for (name, commit, is_known) in [("Ada", true, true), ("Bob", false, false), ("Rumpelstiltskin", true, false)] {
        let mut transaction = database::begin(app.db()).await.unwrap();
        let told = app.application.state.emit(&mut transaction, &Born(name)).await;
        assert_eq!(told.is_ok(), name != "Rumpelstiltskin");
        if told.is_ok() && commit {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let query = sqlx::query_scalar("SELECT count(*) FROM people WHERE name = $1").bind(name);
        let count: i64 = query.fetch_one(app.db()).await.unwrap();
        assert_eq!(count == 1, is_known, "{name}");
    }
}

#[tokio::test]
async fn a_constraint_blames_its_field() {
    let app = TestApp::start(vec![people()]).await;
    let add = async || {
        let mut transaction = database::begin(app.db()).await.unwrap();
        let added = sqlx::query("INSERT INTO people (name) VALUES ('Ada')").execute(&mut *transaction).await;
        transaction.commit().await.unwrap();
        added
    };
    add().await.unwrap();
    let refused = add().await.on_constraint("people_name_key", "name", "This name is taken.");
    assert!(matches!(refused, Err(kernel::Error::Invalid(errors)) if errors["name"] == "This name is taken."));
    let internal = add().await.on_constraint("people_age_key", "age", "Too young.");
    assert!(matches!(internal, Err(kernel::Error::Internal(_))));
}

#[tokio::test]
async fn headers_of_a_handler_win_and_modules_extend_the_policy_for_content() {
    let own = async || ([("content-security-policy", "sandbox"), ("x-frame-options", "SAMEORIGIN")], "");
    let module = Module::new("maps")
        .pages(Policy::PUBLIC, Routes::new().route("/own", get(own)))
        .add(Csp("form-action", |_| vec!["https://pay.example".into()]))
        .add(Csp("frame-ancestors", |_| vec!["https://partner.example".into()]));
    let app = TestApp::start(vec![module]).await;
    let response = app.get("/own").await;
    assert_eq!(
        (response.header("content-security-policy"), response.header("x-frame-options")),
        ("sandbox", "SAMEORIGIN")
    );
    let usual = app.get("/nothing").await;
    let usual = usual.header("content-security-policy");
    assert!(usual.contains("form-action 'self' https://pay.example;"), "{usual}");
    assert!(usual.contains("frame-ancestors https://partner.example;"), "{usual}");
}

static ANSWERED: AtomicU16 = AtomicU16::new(0);

#[tokio::test]
async fn observers_learn_the_route_and_the_place_of_a_fault() {
    let observer = Observer(|_, observation| match observation {
        Observation::Answered(answered) if answered.route == Some("/fail/{id}") => {
            ANSWERED.store(answered.status.as_u16(), Ordering::Relaxed);
        }
        Observation::Failed(failed) => {
            assert!(failed.at.file().ends_with("contract.rs") && failed.cause.to_string() == "not today");
        }
        _ => {}
    });
    let fail = async || -> kernel::Result<()> { Err(anyhow::anyhow!("not today"))? };
    let module = Module::new("fails").pages(Policy::PUBLIC, Routes::new().route("/fail/{id}", get(fail))).add(observer);
    let app = TestApp::start(vec![module]).await;
    assert_eq!(app.get("/fail/7").await.status, 500);
    assert_eq!(ANSWERED.load(Ordering::Relaxed), 500);
}

#[derive(Serialize, Deserialize)]
struct Work;

impl kernel::Job for Work {
    const NAME: &'static str = "work.do";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn modules_that_do_not_fit_together_are_refused_by_name() {
    let app = TestApp::start(Vec::new()).await;
    for (modules, message) in [
        (vec![Module::new("notes"), Module::new("notes")], "the module `notes` is there twice"),
        (vec![Module::new("two-words")], "the module `two-words` names tables"),
        (vec![Module::new("a").job::<Work>(), Module::new("b").job::<Work>()], "the job `work.do` of the module `b`"),
        (
            vec![Module::new("shop").needs::<Mailer>()],
            "the module `shop` needs a module that provides `contract::Mailer`",
        ),
    ] {
        let config = Config::clone(&app.application.state.config);
        let refused = Application::build(config, app.db().clone(), modules).unwrap_err().to_string();
        assert!(refused.contains(message), "{refused}");
    }
}

#[tokio::test]
async fn routes_are_listed_with_their_methods_and_policies() {
    let pages = Routes::new().route("/things/{id}", get(async || "").post(async || ""));
    let app = TestApp::start(vec![Module::new("things").pages(Policy::role("admin"), pages)]).await;
    let routes: Vec<String> = app.application.routes().await.iter().map(ToString::to_string).collect();
    let [route] = &*routes else { panic!("{routes:?}") };
    assert!(
        route.starts_with("GET, HEAD, POST ") && route.contains("/things/{id} ") && route.contains("admin"),
        "{route}"
    );
}

#[tokio::test]
async fn layers_stand_in_stages_whatever_the_order_of_the_modules() {
    let marks = |name, stage| {
        Module::new(name).layer(stage, |router, area, _| {
            assert!([Area::Api, Area::Pages].contains(&area));
            router
        })
    };
    let modules = vec![marks("content", Stage::Content), marks("edge", Stage::Edge), marks("limit", Stage::Limit)];
    let app = TestApp::start(modules).await;
    let names = app.application.layers.iter().map(|(_, name)| *name);
    let order: Vec<_> = names.filter(|name| *name != "testkit").collect();
    assert_eq!(order, ["edge", "limit", "content"]);
}
