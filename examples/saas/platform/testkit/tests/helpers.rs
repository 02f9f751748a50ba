//! The helpers see what a person sees.

use axum::{
    Form as FormData, Router,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Redirect},
    routing::get,
};
use kernel::Module;
use testkit::TestApp;

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
    let pages = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/order", axum::routing::post(order))
        .route("/thanks", get(thanks));
    TestApp::start(vec![Module::new("shop").pages(pages)]).await
}

#[tokio::test]
async fn selectors_find_elements() {
    let page = start().await.get("/").await;
    assert_eq!(page.one("title").text(), "Shop & Co");
    assert_eq!(page.one("#main ul.list.wide a[href=/a]").text(), "First one");
    assert_eq!(page.one("main").all("li a").len(), 2);
    assert_eq!(page.all("ul button").len(), 0);
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
