use axum::http::Request;
use testkit::{Response, TestApp};

async fn start() -> TestApp {
    TestApp::start(vec![ui::module(), ui::components::module(), notes::module()]).await
}

/// The page that a browser shows after the answer to a form: with its cookie, and without.
async fn follow(app: &TestApp, response: &Response) -> String {
    assert_eq!(response.status, 303);
    let cookie = response.header("set-cookie").split(';').next().expect("a header has a first part");
    app.send(Request::get(response.header("location")).header("cookie", cookie), String::new()).await.body
}

async fn write(app: &TestApp, title: &str) {
    assert_eq!(app.post_form("/notes", &format!("title={title}&body=")).await.status, 303);
}

/// The value of the first attribute that contains a text, as a browser reads it.
fn attribute(page: &str, text: &str) -> String {
    let found = page.split('"').find(|part| part.contains(text));
    found.unwrap_or_else(|| panic!("no {text} in {page}")).replace("&#38;", "&")
}

#[tokio::test]
async fn a_note_is_written_with_the_form() {
    let app = start().await;
    assert!(app.get("/notes").await.body.contains("No notes yet"));
    assert!(app.get("/notes/new").await.body.contains("action=\"/notes\""));

    let response = app.post_form("/notes", "title=Milk&body=two+bottles").await;
    let page = follow(&app, &response).await;
    assert!(page.contains("“Milk” was saved.") && page.contains(">Milk</a>"));
    assert!(!app.get("/notes").await.body.contains("was saved"), "the message is shown once");
}

#[tokio::test]
async fn a_refused_form_comes_back_with_its_values_and_a_message() {
    let app = start().await;
    let response = app.post_form("/notes", "title=+&body=keep+me").await;
    assert_eq!(response.status, 422);
    assert!(response.body.contains("Please check 1 field<"));
    assert!(response.body.contains("<a href=\"#title\">Give the note a title.</a>"));
    assert!(response.body.contains("aria-describedby=\"title-message\""));
    assert!(response.body.contains("keep me"));
}

#[tokio::test]
async fn a_note_is_edited() {
    let app = start().await;
    app.post_form("/notes", "title=Milk&body=two+bottles").await;
    let path = attribute(&app.get("/notes").await.body, "/notes/1");
    let form = app.get(&path).await.body;
    assert!(form.contains("value=\"Milk\"") && form.contains("two bottles"));

    assert_eq!(app.post_form(&path, "version=1&title=&body=").await.status, 422);
    let response = app.post_form(&path, "version=1&title=Bread&body=").await;
    assert!(follow(&app, &response).await.contains("“Bread” was saved."));
    assert!(!app.get("/notes").await.body.contains("Milk"));
}

#[tokio::test]
async fn a_change_of_someone_else_is_not_lost_unseen() {
    let app = start().await;
    write(&app, "Milk").await;
    assert_eq!(app.post_form("/notes/1", "version=1&title=Bread&body=").await.status, 303);

    let response = app.post_form("/notes/1", "version=1&title=Butter&body=").await;
    assert_eq!(response.status, 409);
    assert!(response.body.contains("changed in the meantime") && response.body.contains("value=\"Butter\""));
    assert!(response.body.contains("name=\"version\" value=\"2\""));
    assert!(app.get("/notes").await.body.contains(">Bread</a>"));
    assert_eq!(app.post_form("/notes/1", "version=2&title=Butter&body=").await.status, 303);
}

#[tokio::test]
async fn counting_the_words_gets_into_nobodys_way() {
    let app = start().await;
    write(&app, "Milk").await;
    let form = app.get("/notes/1").await.body;
    app.run_jobs().await;
    assert!(form.contains("name=\"version\" value=\"1\""));
    assert_eq!(app.post_form("/notes/1", "version=1&title=Bread&body=").await.status, 303);
}

#[tokio::test]
async fn a_note_that_is_not_there_cannot_be_edited() {
    let app = start().await;
    assert_eq!(app.get("/notes/7").await.status, 404);
    assert_eq!(app.post_form("/notes/7", "version=1&title=Milk&body=").await.status, 404);
}

#[tokio::test]
async fn text_cannot_become_markup() {
    let app = start().await;
    let response = app.post_form("/notes", "title=%3Cscript%3E&body=%3C/textarea%3E%3Cimg%3E").await;
    for page in [follow(&app, &response).await, app.get("/notes/1").await.body] {
        assert!(page.contains("&#60;script&#62;"));
        assert!(!page.contains("<script>") && !page.contains("<img>"));
    }
}

#[tokio::test]
async fn a_note_is_deleted_with_its_button() {
    let app = start().await;
    write(&app, "Milk").await;
    let action = attribute(&app.get("/notes").await.body, "/delete");
    let response = app.post_form(&action, "").await;
    let page = follow(&app, &response).await;
    assert!(page.contains("The note was deleted.") && page.contains("No notes yet"));
    assert_eq!(app.post_form(&action, "").await.status, 404);
}

#[tokio::test]
async fn the_table_is_sorted_by_its_headings() {
    let app = start().await;
    write(&app, "Bread").await;
    write(&app, "Apples").await;
    let page = app.get("/notes").await.body;
    assert!(page.contains("aria-sort=\"descending\""), "the newest comes first");

    let page = app.get(&attribute(&page, "sort=title")).await.body;
    assert!(page.contains("aria-sort=\"ascending\""));
    assert!(page.find(">Apples<") < page.find(">Bread<"));
    let page = app.get(&attribute(&page, "sort=-title")).await.body;
    assert!(page.find(">Apples<") > page.find(">Bread<"));
}

#[tokio::test]
async fn links_of_the_table_keep_the_filter() {
    let app = start().await;
    for title in ["Milk+1", "Milk+2", "Milk+3", "Bread"] {
        write(&app, title).await;
    }
    let page = app.get("/notes?title=milk&limit=2&sort=title").await.body;
    assert!(page.contains("value=\"milk\""), "the form shows what it filters by");
    assert!(page.contains(">Milk 1<") && page.contains(">Milk 2<") && !page.contains(">Bread<"));

    let page = app.get(&attribute(&page, "cursor=")).await.body;
    assert!(page.contains(">Milk 3<") && !page.contains(">Bread<") && !page.contains("rel=\"next\""));
    let page = app.get(&attribute(&page, "cursor=")).await.body;
    assert!(page.contains(">Milk 1<") && !page.contains("rel=\"prev\""));
    assert!(attribute(&page, "sort=-title").contains("title=milk"));

    assert!(app.get("/notes?title=cheese").await.body.contains("No note fits"));
}

#[tokio::test]
async fn a_filter_that_cannot_be_used_is_explained() {
    let response = start().await.get("/notes?created_at.from=soon").await;
    assert_eq!(response.status, 400);
    assert!(response.body.contains("Use a date such as 2026-01-31"));
}
