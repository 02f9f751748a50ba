//! Flash messages, the theme, and the gallery of components.

use std::fs;

use axum::{
    http::{Request, StatusCode},
    response::{Html, Redirect},
    routing::get,
};
use kernel::{Error, Module, Policy, Routes};
use testkit::{Response, TestApp};
use ui::Page;

async fn start() -> TestApp {
    TestApp::start(vec![ui::module(), ui::components::module()]).await
}

async fn get_with_cookie(app: &TestApp, path: &str, cookie: &str) -> Response {
    app.send(Request::get(path).header("cookie", cookie), String::new()).await
}

#[tokio::test]
async fn a_message_is_shown_once_after_a_redirect() {
    let app = start().await;
    let response = app.post_form("/dev/ui", "").await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/dev/ui"));
    let (cookie, attributes) = response.header("set-cookie").split_once("; ").expect("the cookie has attributes");
    assert!(cookie.starts_with("flash=success"));
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/; Max-Age=60");

    let page = get_with_cookie(&app, "/", &format!("other=1; {cookie}")).await;
    assert!(page.body.contains("role=\"status\">Saved."));
    assert!(page.header("set-cookie").starts_with("flash=;") && page.header("set-cookie").contains("Max-Age=0"));
    assert!(!app.get("/").await.body.contains("Saved."));
}

#[tokio::test]
async fn a_message_waits_until_there_is_a_page_to_show_it() {
    let app = start().await;
    let page = get_with_cookie(&app, "/nothing-here", "flash=info:Hello").await;
    assert!(!page.body.contains("Hello"));
    assert_eq!(page.header("set-cookie"), "");
}

/// Handlers that take a page and do not show it, and one that refuses a form.
fn unlucky() -> Module {
    let pages = Routes::new()
        .route("/fails", get(async |_: Page| Error::NotFound))
        .route("/panics", get(async |_: Page| -> StatusCode { panic!("out of order") }))
        .route("/leads-elsewhere", get(async |_: Page| Redirect::to("/")))
        .route("/refuses", get(async |page: Page| (StatusCode::UNPROCESSABLE_ENTITY, Html(page.main))));
    Module::new("unlucky").pages(Policy::PUBLIC, pages)
}

#[tokio::test]
async fn a_message_is_not_lost_by_a_page_that_is_not_shown() {
    let app = TestApp::start(vec![ui::module(), ui::components::module(), unlucky()]).await;
    for (path, status) in [("/fails", 404), ("/panics", 500), ("/leads-elsewhere", 303)] {
        let response = get_with_cookie(&app, path, "flash=info:Hello").await;
        assert_eq!((response.status.as_u16(), response.header("set-cookie")), (status, ""), "{path}");
        assert!(!response.body.contains("Hello"), "{path}");
    }
    let refused = get_with_cookie(&app, "/refuses", "flash=info:Hello").await;
    assert!(refused.status == 422 && refused.body.contains("Hello"));
    assert!(refused.header("set-cookie").starts_with("flash=;"), "it is not shown again");
}

#[tokio::test]
async fn a_forged_message_is_text_and_nothing_else() {
    let app = start().await;
    let page = get_with_cookie(&app, "/", "flash=error:%3Cscript%3E").await;
    assert!(page.body.contains("role=\"alert\">&#60;script&#62;"));
    for nonsense in ["flash=loud:Hello", "flash=Hello", "flash=info:%FF"] {
        let page = get_with_cookie(&app, "/", nonsense).await;
        assert_eq!((page.status.as_u16(), page.body.contains("Hello")), (200, false), "{nonsense}");
    }
}

#[tokio::test]
async fn a_theme_is_chosen_for_every_page() {
    let app = start().await;
    let response = app.post_form("/theme", "theme=dark").await;
    assert_eq!((response.status.as_u16(), response.header("location")), (303, "/"));
    assert!(response.header("set-cookie").starts_with("theme=dark; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000"));

    let dark = "<meta name=\"color-scheme\" content=\"dark\">";
    for path in ["/", "/nothing-here"] {
        assert!(get_with_cookie(&app, path, "theme=dark").await.body.contains(dark), "{path}");
        assert!(!get_with_cookie(&app, path, "theme=\"><b>").await.body.contains("<b>"), "{path}");
        assert!(!app.get(path).await.body.contains(dark), "{path}");
    }
    let response = app.post_form("/theme", "theme=system").await;
    assert!(response.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn the_choice_of_a_theme_leads_back_and_never_to_another_site() {
    let app = start().await;
    let pages = [
        ("http://localhost/notes?title=milk", "/notes?title=milk"),
        ("http://localhost//example.com/", "/example.com/"),
        ("http://localhost/\\example.com", "/example.com"),
        ("nonsense", "/"),
    ];
    for (referer, location) in pages {
        let request = Request::post("/theme")
            .header("referer", referer)
            .header("content-type", "application/x-www-form-urlencoded");
        let response = app.send(request, "theme=light".to_owned()).await;
        assert_eq!(response.header("location"), location, "{referer}");
    }
}

#[tokio::test]
async fn the_gallery_shows_every_component() {
    let response = start().await.get("/dev/ui").await;
    assert_eq!(response.status, 200);

    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let read = |name| fs::read_to_string(format!("{templates}/{name}.html")).expect("the template can be read");
    let gallery = read("gallery");
    for name in ["form", "parts", "table"] {
        for definition in read(name).split("{% macro ").skip(1) {
            let component = definition.split('(').next().expect("a macro has a name");
            assert!(gallery.contains(&format!("{name}::{component}(")), "{name}::{component} is not in the gallery");
        }
    }
}

#[tokio::test]
async fn the_gallery_has_a_page_for_every_error() {
    let app = start().await;
    for (status, title) in
        [(403, "Not allowed"), (422, "not right yet"), (429, "Too many"), (503, "Busy"), (405, "Method")]
    {
        let response = app.get(&format!("/dev/ui/errors/{status}")).await;
        assert_eq!(response.status, status);
        assert!(response.body.contains(title), "{status}");
    }
}

#[tokio::test]
async fn production_has_no_gallery_and_sends_cookies_over_tls_only() {
    let modules = vec![ui::module(), ui::components::module()];
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "http://127.0.0.1")];
    let app = TestApp::start_with(modules, &production).await;
    for path in ["/dev/ui", "/dev/ui/errors/500"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.post_form("/dev/ui", "").await.status, 404);
    assert!(app.post_form("/theme", "theme=dark").await.header("set-cookie").contains("; Secure"));
}

/// What a first visit downloads, before compression.
#[tokio::test]
async fn the_first_page_is_small() {
    let app = start().await;
    let home = app.get("/").await.body;
    let assets: Vec<_> = home.split('"').filter(|part| part.starts_with("/assets/app")).collect();
    assert_eq!(assets.len(), 1, "one stylesheet");
    let stylesheet = app.get(assets[0]).await.body;
    assert!(stylesheet.len() < 10_000, "the stylesheet has {} bytes", stylesheet.len());
    assert!(home.len() + stylesheet.len() < 30_000);
}
