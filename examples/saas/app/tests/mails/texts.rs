//! Every mail of every module, written from its sample.

use email::{check, links_of_text};
use mailer::Kind;
use testkit::TestApp;

#[tokio::test]
async fn every_mail_can_be_read_and_its_links_answer() {
    let app = TestApp::start(app::modules()).await;
    let (state, mut written) = (&app.application.state, 0);
    for kind in state.all::<&'static Kind>() {
        let sample = (kind.sample)().unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let content = (kind.write)(&sample, state).unwrap_or_else(|error| panic!("{}: {error:#}", kind.name));
        assert_eq!(check(&content, &state.config.public_url), [""; 0], "{}", kind.name);
        for link in links_of_text(&content.text) {
            let path = link.strip_prefix(&state.config.public_url.join("")).expect("it was checked");
            let answer = app.get(if path.is_empty() { "/" } else { path }).await;
            let status = answer.status.as_u16();
            assert!(status != 404 && status < 500, "{}: {link} answers with {status}", kind.name);
        }
        written += 1;
    }
    assert!(written > 0, "the mails are not listed any more");
}
