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
    let form = browser.get("/notes/new").await.form("form[action='/notes']").set("title", "Milk & <honey>");
    let page = browser.submit_and_follow(&form).await;
    let links = page.all("main td:first-child a").into_iter();
    let titles: Vec<_> = links.map(|link| link.text()).collect();
    assert_eq!(titles, ["Milk & <honey>", other["title"].as_str().unwrap()]);

    let path = format!("/notes/{}/delete", other["id"].as_str().unwrap());
    let delete = page.one(&format!("a[href='{path}']")).attribute("href").to_owned();
    let delete = browser.get(&delete).await.form(&format!("form[action='{path}']"));
    let page = browser.submit_and_follow(&delete).await;
    assert!(page.body.contains("1 note<") && page.all("main td a")[0].text() == "Milk & <honey>");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let app = start().await;
    let mut browser = app.browser();
    let form = browser.get("/notes/new").await.form("form[action='/notes']").set("body", "\"keep\"\nme");
    let form = browser.submit(&form).await.form("form[action='/notes']");
    assert_eq!([form.value("title"), form.value("body")], ["", "\"keep\"\nme"]);
}
