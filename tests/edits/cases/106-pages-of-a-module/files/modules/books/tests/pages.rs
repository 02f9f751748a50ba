//! The shelf, as a person sees it.

use testkit::TestApp;

#[tokio::test]
async fn a_person_orders_a_book() {
    let app = TestApp::start(vec![ui::module(), ui::components::module(), books::module()]).await;
    let mut browser = app.browser();
    let form = browser.get("/books").await.form("form[action=/books]");
    let page = browser.submit_and_follow(&form).await;
    assert_eq!(page.one("h1").text(), "Books");
}
