use kernel::Config;
use signing::Signer;
use testkit::TestApp;

const OLD: &str = "an old secret that has many characters";
const NEW: &str = "a new secret that has as many characters";

async fn start(variables: &[(&str, &str)]) -> TestApp {
    TestApp::start_with(vec![signing::module()], variables).await
}

fn signer(app: &TestApp) -> &Signer {
    app.application.state.service()
}

#[tokio::test]
async fn a_signature_is_for_one_message_and_one_purpose() {
    let app = start(&[("APP_SECRET", OLD)]).await;
    let token = signer(&app).sign("reset", "7|ada@example.com");
    assert_eq!(token.len(), 43);
    assert!(signer(&app).verify("reset", "7|ada@example.com", &token));
    for (purpose, message) in
        [("invite", "7|ada@example.com"), ("reset", "8|ada@example.com"), ("reset7", "|ada@example.com")]
    {
        assert!(!signer(&app).verify(purpose, message, &token), "{purpose} {message}");
    }
    for wrong in ["", "?", &token[1..], &format!("{token}A"), &signer(&app).sign("reset", "")] {
        assert!(!signer(&app).verify("reset", "7|ada@example.com", wrong), "{wrong}");
    }
}

/// RFC 2104 says what the bytes are: they were calculated by `openssl dgst -sha256 -mac HMAC`.
#[tokio::test]
async fn a_signature_is_the_same_for_good() {
    let app = start(&[("APP_SECRET", OLD)]).await;
    assert_eq!(signer(&app).sign("reset", "7"), "pSvSy_h-2xMU4jgkAIPVoO5z5P1HttoJzwIvP649YsY");
}

#[tokio::test]
async fn a_secret_can_be_derived_as_long_as_the_one_before_counts() {
    let old = start(&[("APP_SECRET", OLD)]).await;
    let derived = signer(&old).derive("key", "7");
    assert_eq!(derived.len(), 1);
    assert_ne!(derived, signer(&old).derive("key", "8"));
    let both = start(&[("APP_SECRET", NEW), ("APP_SECRET_PREVIOUS", OLD)]).await;
    let [new, previous] = signer(&both).derive("key", "7")[..] else { panic!("there are two") };
    assert!(previous == derived[0] && new != previous);
}

#[tokio::test]
async fn the_secret_can_be_replaced() {
    let token = signer(&start(&[("APP_SECRET", OLD)]).await).sign("reset", "7");
    let both = start(&[("APP_SECRET", NEW), ("APP_SECRET_PREVIOUS", OLD)]).await;
    assert!(signer(&both).verify("reset", "7", &token));
    let newer = signer(&both).sign("reset", "7");
    let app = start(&[("APP_SECRET", NEW), ("APP_SECRET_PREVIOUS", "")]).await;
    assert!(signer(&app).verify("reset", "7", &newer) && !signer(&app).verify("reset", "7", &token));
}

#[tokio::test]
async fn a_short_secret_is_refused_without_being_shown() {
    let variables = [("DATABASE_URL", "nothing"), ("APP_SECRET", "hunter2")];
    let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let refused = Config::from_variables(&variables.into(), &[signing::module()]).unwrap_err().to_string();
    assert!(refused.contains("APP_SECRET is malformed: it expects at least 32"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}
