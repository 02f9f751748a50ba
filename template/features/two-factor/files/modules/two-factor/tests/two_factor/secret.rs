//! The application gets another secret, of which the keys are derived.

use crate::{ANN, PASSWORD, browser, enter, leads, modules, start_with, turn_on, wait_for_a_code, waiting};

const OLD: &str = "an old secret that has many characters";
const NEW: &str = "a new secret that has as many characters";

/// 25: codes count as long as the secret before does; recovery codes do afterwards as well.
#[tokio::test]
async fn codes_count_as_long_as_the_secret_from_before() {
    let app = start_with(&[("APP_SECRET", OLD)]).await;
    let (phone, codes) = turn_on(&app, &mut browser(&app, ANN).await).await;
    wait_for_a_code(&app);
    let both = app.restart(modules(), &[("APP_SECRET", NEW), ("APP_SECRET_PREVIOUS", OLD)]).await;
    assert_eq!(enter(&mut waiting(&both, PASSWORD).await, &phone.code(&both)).await, leads("/"));
    wait_for_a_code(&app);
    let new = app.restart(modules(), &[("APP_SECRET", NEW)]).await;
    let mut browser = waiting(&new, PASSWORD).await;
    assert_eq!(enter(&mut browser, &phone.code(&new)).await.0, 401);
    assert_eq!(enter(&mut browser, &codes[0]).await, leads("/"));
}
