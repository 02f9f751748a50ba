//! The application gets another secret, of which the keys are derived.

use kernel::{Application, Config};
use testkit::TestApp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{ANN, PASSWORD, browser, enter, leads, modules, start_with, turn_on, wait_for_a_code, waiting};

const OLD: &str = "an old secret that has many characters";
const NEW: &str = "a new secret that has as many characters";

/// The same application after a start with other variables: the same database, at the same time.
async fn restart(app: &TestApp, variables: &[(&str, &str)]) -> TestApp {
    let own = [("DATABASE_URL", app.database_url()), ("PUBLIC_URL", "https://app.test")];
    let all = own.iter().chain(variables).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let config = Config::from_variables(&all.collect(), &modules()).unwrap();
    let mut restarted = app.clone();
    restarted.application = Application::build(config, app.db().clone(), modules()).unwrap();
    restarted.clock().set(app.clock().now());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    restarted.address = listener.local_addr().unwrap();
    let server = restarted.application.clone();
    tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });
    restarted
}

/// 25: codes count as long as the secret before does; recovery codes do afterwards as well.
#[tokio::test]
async fn codes_count_as_long_as_the_secret_from_before() {
    let app = start_with(&[("APP_SECRET", OLD)]).await;
    let (phone, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let both = restart(&app, &[("APP_SECRET", NEW), ("APP_SECRET_PREVIOUS", OLD)]).await;
    assert_eq!(enter(&mut waiting(&both, PASSWORD).await, &phone.code(&both)).await, leads("/"));
    wait_for_a_code(&app);
    let new = restart(&app, &[("APP_SECRET", NEW)]).await;
    let mut browser = waiting(&new, PASSWORD).await;
    assert_eq!(enter(&mut browser, &phone.code(&new)).await.0, 401);
    assert_eq!(enter(&mut browser, &codes[0]).await, leads("/"));
}
