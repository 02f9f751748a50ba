use std::collections::BTreeSet;

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

/// The path of the note that the list shows first.
async fn first(app: &TestApp) -> String {
    app.get("/notes").await.all("main td a")[0].attribute("href").to_owned()
}

const UNKNOWN: &str = "/notes/019bb7f3-8c00-7cc1-8f3a-5d2e6b7a9c10";

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
    let path = first(&app).await;
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
    let path = first(&app).await;
    assert_eq!(app.post_form(&path, "version=1&title=Bread&body=").await.status, 303);

    let response = app.post_form(&path, "version=1&title=Butter&body=").await;
    assert_eq!(response.status, 409);
    assert!(response.body.contains("changed in the meantime") && response.body.contains("value=\"Butter\""));
    assert!(response.body.contains("name=\"version\" value=\"2\""));
    assert!(app.get("/notes").await.body.contains(">Bread</a>"));
    assert_eq!(app.post_form(&path, "version=2&title=Butter&body=").await.status, 303);
}

#[tokio::test]
async fn counting_the_words_gets_into_nobodys_way() {
    let app = start().await;
    write(&app, "Milk").await;
    let path = first(&app).await;
    let form = app.get(&path).await.body;
    app.run_jobs().await;
    assert!(form.contains("name=\"version\" value=\"1\""));
    assert_eq!(app.post_form(&path, "version=1&title=Bread&body=").await.status, 303);
}

#[tokio::test]
async fn a_form_says_the_limits_that_are_checked() {
    let app = start().await;
    let form = app.get("/notes/new").await.one("main form");
    for name in ["title", "body"] {
        let limit: usize = form.one(&format!("[name={name}]")).attribute("maxlength").parse().unwrap();
        for (length, status) in [(limit, 303), (limit + 1, 422)] {
            let text = "x".repeat(length);
            let fields =
                if name == "title" { format!("title={text}&body=") } else { format!("title=Milk&body={text}") };
            assert_eq!(app.post_form("/notes", &fields).await.status, status, "{name} of {length}");
        }
    }
}

#[tokio::test]
async fn a_title_is_something_to_be_seen() {
    let app = start().await;
    for title in ["", "+", "%E2%80%8B", "%E2%80%AE%E2%81%A6"] {
        let refused = app.post_form("/notes", &format!("title={title}&body=")).await;
        assert_eq!(refused.status, 422, "{title}");
        assert!(refused.body.contains("Give the note a title."), "{title}");
    }
}

#[tokio::test]
async fn a_link_may_carry_what_is_meant_for_others() {
    let app = start().await;
    write(&app, "Milk").await;
    let page = app.get("/notes?title=milk&utm_source=post").await;
    assert_eq!((page.status.as_u16(), page.all("main td:first-child a").len()), (200, 1));
}

#[tokio::test]
async fn a_note_that_is_not_there_cannot_be_edited() {
    let app = start().await;
    assert_eq!(app.get(UNKNOWN).await.status, 404);
    assert_eq!(app.post_form(UNKNOWN, "version=1&title=Milk&body=").await.status, 404);
}

#[tokio::test]
async fn text_cannot_become_markup() {
    let app = start().await;
    let response = app.post_form("/notes", "title=%3Cscript%3E&body=%3C/textarea%3E%3Cimg%3E").await;
    for page in [follow(&app, &response).await, app.get(&first(&app).await).await.body] {
        assert!(page.contains("&#60;script&#62;"));
        assert!(!page.contains("<script>") && !page.contains("<img>"));
    }
}

#[tokio::test]
async fn a_note_is_deleted_with_its_button() {
    let app = start().await;
    write(&app, "Milk").await;
    let path = attribute(&app.get("/notes").await.body, "/delete");
    let question = app.get(&path).await.body;
    assert!(question.contains("“Milk” cannot be brought back.") && app.get("/notes").await.body.contains(">Milk</a>"));
    let action = attribute(&question, "/delete");
    let response = app.post_form(&action, "").await;
    let page = follow(&app, &response).await;
    assert!(page.contains("The note was deleted.") && page.contains("No notes yet"));
    assert_eq!(app.post_form(&action, "").await.status, 404);
    assert_eq!(app.get(&path).await.status, 404);
}

#[tokio::test]
async fn whoever_saves_or_deletes_comes_back_to_the_list_as_it_was() {
    let app = start().await;
    for title in ["Milk", "Buttermilk", "Bread"] {
        write(&app, title).await;
    }
    let list = "/notes?title=milk&sort=title&limit=1";
    let list = attribute(&app.get(list).await.body, "cursor=");
    let page = app.get(&list).await;
    let edit = page.one("main td:first-child a").attribute("href").to_owned();
    let note = edit.split('?').next().expect("a split has a part");
    let form = app.get(&edit).await.body;
    assert_eq!(attribute(&form, "limit=1&"), list, "the way back without a change");

    let action = attribute(&form, &format!("{note}?"));
    let refused = app.post_form(&action, "version=1&title=&body=").await;
    assert_eq!((refused.status.as_u16(), attribute(&refused.body, &format!("{note}?"))), (422, action.clone()));
    let saved = app.post_form(&action, "version=1&title=Milk+2&body=").await;
    assert_eq!(saved.header("location"), list);
    let question = app.get(&attribute(&page.body, "/delete?")).await.body;
    let deleted = app.post_form(&attribute(&question, "/delete?"), "").await;
    assert_eq!(deleted.header("location"), list);

    let page = app.get(&list).await.body;
    assert!(page.contains("No more notes") && !page.contains("No notes yet"));
    let first = app.get(&attribute(&page, "/notes?title=milk")).await.body;
    assert!(first.contains(">Buttermilk</a>"), "the first page, still filtered");
    let new = app.get(&attribute(&page, "/notes/new?")).await.body;
    let created = app.post_form(&attribute(&new, "/notes?next="), "title=Cream&body=").await;
    assert_eq!(created.header("location"), list);

    let elsewhere = app.post_form("/notes?next=//evil.example", "title=Cheese&body=").await;
    assert_eq!(elsewhere.header("location"), "/notes");
}

#[tokio::test]
async fn every_page_has_a_title_of_its_own() {
    let app = start().await;
    write(&app, "Milk").await;
    let milk = first(&app).await;
    write(&app, "Bread").await;
    let (bread, question) = (first(&app).await, format!("{milk}/delete"));
    let mut titles = Vec::new();
    for path in ["/", "/notes", "/notes/new", &milk, &bread, &question, UNKNOWN, "/dev/ui"] {
        let page = app.get(path).await.body;
        let (title, _) = page.split_once("</title>").expect("the page has a title");
        titles.push(title.rsplit('>').next().expect("a split has a part").to_owned());
    }
    assert!(titles[3].contains("Milk"), "{titles:?}");
    let own: BTreeSet<_> = titles.iter().collect();
    assert_eq!(own.len(), titles.len(), "{titles:?}");
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

    assert!(page.contains("2 notes on this page"));

    let page = app.get("/notes?title=cheese&sort=title").await.body;
    assert!(page.contains("No note fits"));
    let all = app.get(&attribute(&page, "/notes?sort=title")).await.body;
    assert!(all.contains("4 notes<") && !all.contains(">Clear</a>"));
}

#[tokio::test]
async fn a_filter_that_cannot_be_used_is_explained() {
    let response = start().await.get("/notes?created_at.from=soon").await;
    assert_eq!(response.status, 400);
    assert!(response.body.contains("Use a date such as 2026-01-31"));
}
