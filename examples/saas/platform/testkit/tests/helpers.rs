//! The helpers see what a person sees.

use std::time::Duration;

use axum::{
    Form as FormData,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Redirect},
    routing::get,
};
use kernel::{AppState, Clock, Module, Policy, Routes, Visitor};
use testkit::{Multipart, TestApp};

const PAGE: &str = r#"<!doctype html>
<title>Shop &amp; Co</title>
<main id="main">
  <ul class="list wide"><li><a href="/a">First  <b>one</b></a></li><li><a href="/b?x=1&#38;y=2">Second</a></li></ul>
  <form method="post" action="/order">
    <input type="hidden" name="token" value="&quot;t&#x27;">
    <input name="amount" value="1"><input type="checkbox" name="gift" value="yes"><input type="checkbox" name="news" checked>
    <select name="size"><option value="s">small</option><option value="l" selected>large</option></select>
    <textarea name="text">
two
lines</textarea>
    <button name="go" value="now">Order</button>
  </form>
</main>"#;

async fn order(headers: HeaderMap, FormData(fields): FormData<Vec<(String, String)>>) -> impl IntoResponse {
    assert!(headers[header::ORIGIN].to_str().unwrap().starts_with("http://127.0.0.1:"));
    let cookie = format!("order={}; Path=/; HttpOnly", fields.len());
    ([(header::SET_COOKIE, cookie)], Redirect::to("/thanks"))
}

async fn thanks(headers: HeaderMap) -> impl IntoResponse {
    let cookie = headers.get(header::COOKIE).map_or("", |cookie| cookie.to_str().unwrap()).to_owned();
    ([(header::SET_COOKIE, "order=; Max-Age=0")], Html(format!("<p>{cookie}</p>")))
}

async fn start() -> TestApp {
    let pages = Routes::new()
        .route("/", get(async || Html(PAGE)))
        .route("/order", axum::routing::post(order))
        .route(
            "/echo",
            axum::routing::post(async |headers: HeaderMap, body: Bytes| {
                ([(header::CONTENT_TYPE, headers[header::CONTENT_TYPE].clone())], body)
            }),
        )
        .route("/thanks", get(thanks));
    TestApp::start(vec![Module::new("shop").pages(Policy::PUBLIC, pages)]).await
}

#[tokio::test]
async fn selectors_find_elements() {
    let page = start().await.get("/").await;
    assert_eq!(page.one("title").text(), "Shop & Co");
    assert_eq!(page.one("#main ul.list.wide a[href='/a']").text(), "First one");
    assert_eq!(page.one("main").all("li a").len(), 2);
    assert_eq!(page.all("ul button").len(), 0);
    assert_eq!(page.one("ul > li:first-child + li").text(), "Second");
    assert_eq!(page.all("input:not([type=hidden]), select").len(), 4);
    assert_eq!(page.one("li a[href^='/b']").name(), "a");
    assert_eq!(page.link("Second"), "/b?x=1&y=2");
}

#[tokio::test]
async fn a_form_holds_what_the_page_has_filled_in() {
    let form = start().await.get("/").await.form("form[action='/order']");
    let values = ["token", "amount", "news", "size", "text"].map(|name| form.value(name).to_owned());
    assert_eq!(values, ["\"t'", "1", "on", "l", "two\nlines"]);
}

#[tokio::test]
async fn a_browser_sends_forms_follows_redirects_and_keeps_cookies() {
    let app = start().await;
    let mut browser = app.browser();
    let form = browser.get("/").await.form("form").set("amount", "3").check("gift", "yes");
    let response = browser.submit(&form).await;
    assert_eq!(browser.cookie("order"), Some("6"));
    assert_eq!(browser.follow(&response).await.one("p").text(), "order=6");
    assert_eq!(browser.cookie("order"), None);
    assert_eq!(app.browser().get("/thanks").await.one("p").text(), "");
}

#[tokio::test]
#[should_panic(expected = "the form has no field \"price\"")]
async fn a_field_that_is_not_there_is_noticed() {
    let _ = start().await.get("/").await.form("form").set("price", "0");
}

#[test]
fn factories_never_make_the_same_twice() {
    assert_ne!(testkit::unique("note"), testkit::unique("note"));
    assert!(testkit::sequence() < testkit::sequence());
}

#[tokio::test]
#[should_panic(expected = "the selector \"a[href=/a]\"")]
async fn a_malformed_selector_is_noticed() {
    let _ = start().await.get("/").await.all("a[href=/a]");
}

#[tokio::test]
async fn a_page_is_read_as_browsers_read_it() {
    let page = async || Html("<ul><li>one<li>two</ul><p>three");
    let ajar = Module::new("ajar").pages(Policy::PUBLIC, Routes::new().route("/", get(page)));
    let page = TestApp::start(vec![ajar]).await.get("/").await;
    let items: Vec<_> = page.all("ul > li").iter().map(testkit::Element::text).collect();
    assert_eq!((items, page.one("body > p").text()), (vec!["one".to_owned(), "two".to_owned()], "three".to_owned()));
}

#[tokio::test]
async fn files_are_sent_as_they_are() {
    let app = start().await;
    let form = Multipart::new().text("title", "Cat").file("image", "a \"cat\".png", "image/png", b"\x89PNG\xff\0");
    let response = app.post_multipart("/echo", form).await;
    let boundary = response.header("content-type").strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
    let parts = [
        b"content-disposition: form-data; name=\"title\"\r\n\r\nCat".as_slice(),
        b"content-disposition: form-data; name=\"image\"; filename=\"a %22cat%22.png\"\r\n\
          content-type: image/png\r\n\r\n\x89PNG\xff\0",
    ];
    let lines = parts.map(|part| [format!("--{boundary}\r\n").as_bytes(), part, b"\r\n"].concat()).concat();
    assert_eq!(response.bytes, [lines, format!("--{boundary}--\r\n").into_bytes()].concat());
}

#[tokio::test]
async fn time_passes_when_a_test_says_so() {
    let app = start().await;
    app.clock().advance(Duration::from_hours(1));
    let later = app.clock().now();
    assert!(later > Clock::default().now());
    app.clock().advance(Duration::from_mins(1));
    assert_eq!(app.clock().now() - later, Duration::from_mins(1), "and it stands still in between");
}

async fn name(visitor: Option<Visitor>) -> String {
    visitor.map_or_else(|| "nobody".to_owned(), |visitor| format!("{} {:?}", visitor.id, visitor.roles))
}

#[tokio::test]
async fn somebody_has_signed_in() {
    let me = Module::new("me")
        .pages(Policy::PUBLIC, Routes::new().route("/me", get(name)))
        .pages(Policy::SIGNED_IN, Routes::new().route("/mine", get(name)))
        .pages(Policy::role("admin"), Routes::new().route("/all", get(name)));
    let app = TestApp::start(vec![me]).await;
    let (ann, bob, admin) = (app.as_user(), app.as_user(), app.as_role("admin"));
    assert_eq!(app.get("/me").await.body, "nobody");
    let id = |app: &TestApp| app.visitor.as_ref().unwrap().id;
    assert_eq!(ann.get("/me").await.body, format!("{} []", id(&ann)));
    assert_ne!(id(&ann), id(&bob));
    assert_eq!(admin.browser().get("/me").await.body, format!("{} [\"admin\"]", id(&admin)));
    for (visitor, mine, all) in [(&app, 401, 401), (&ann, 200, 403), (&admin, 200, 200)] {
        let statuses = (visitor.get("/mine").await.status.as_u16(), visitor.get("/all").await.status.as_u16());
        assert_eq!(statuses, (mine, all));
    }
}

/// A service that asks somebody else.
struct Weather(fn() -> &'static str);

#[tokio::test]
async fn a_module_of_the_test_replaces_a_service() {
    let weather = Module::new("weather").provide(|_, _| Ok(Weather(|| "what the internet says"))).pages(
        Policy::PUBLIC,
        Routes::new().route("/", get(async |State(state): State<AppState>| (state.service::<Weather>().0)())),
    );
    let fakes = Module::new("fakes").provide(|_, _| Ok(Weather(|| "sunny")));
    assert_eq!(TestApp::start(vec![weather, fakes]).await.get("/").await.body, "sunny");
}
