//! A provider that has much to tell.

use testkit::TestApp;

/// What is unsigned is refused each time, and what is signed would get through.
#[tokio::test]
async fn what_providers_tell_is_no_form() {
    let settings = [("RATE_LIMIT_FORMS", "1/1"), ("EMAIL_POSTMARK_SECRET", "postmark:a long password")];
    let app = TestApp::start_with(app::modules(), &settings).await;
    for _ in 0..3 {
        assert_eq!(app.post_form("/webhooks/email/postmark", "").await.status, 403);
    }
    assert_eq!(app.post_form("/mail/unsubscribe", "").await.status, 400);
    assert_eq!(app.post_form("/mail/unsubscribe", "").await.status, 429);
}
