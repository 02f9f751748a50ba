//! Notes, as a person sees them.

mod factory;

use testkit::TestApp;

async fn start() -> TestApp {
    TestApp::start(vec![ui::module(), notes::module()]).await
}

#[tokio::test]
async fn a_person_writes_a_note_and_deletes_another() {
    let app = start().await;
    let other = factory::note(&app).await;
    let mut browser = app.browser();
    let form = browser.get("/notes/new").await.form("form[action=/notes]").set("title", "Milk & <honey>");
    let page = browser.submit_and_follow(&form).await;
    let titles: Vec<_> = page.all("main td a").iter().map(testkit::Element::text).collect();
    assert_eq!(titles, ["Milk & <honey>", other["title"].as_str().unwrap()]);

    let delete = page.form(&format!("form[action=/notes/{}/delete]", other["id"]));
    let page = browser.submit_and_follow(&delete).await;
    assert_eq!(page.one("main td a").text(), "Milk & <honey>");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let app = start().await;
    let mut browser = app.browser();
    let form = browser.get("/notes/new").await.form("form[action=/notes]").set("body", "\"keep\"\nme");
    let form = browser.submit(&form).await.form("form[action=/notes]");
    assert_eq!([form.value("title"), form.value("body")], ["", "\"keep\"\nme"]);
}
