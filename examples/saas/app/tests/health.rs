//! The health check of the container image.

use std::{io, net::SocketAddr, process::Output};

use kernel::Module;
use testkit::TestApp;
use tokio::{net::TcpListener, process::Command};

async fn ask(address: SocketAddr) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_app"));
    command.arg("health").env("HOST", address.ip().to_string()).env("PORT", address.port().to_string());
    command.output().await.unwrap()
}

#[tokio::test]
async fn passes_while_the_application_can_do_its_work() {
    let app = TestApp::start(app::modules()).await;
    assert!(ask(app.address).await.status.success());
}

#[tokio::test]
async fn fails_with_what_is_failing() {
    let cautious =
        Module::new("cautious").check("disk", |_| Box::pin(async { Err(io::Error::other("it is full").into()) }));
    let app = TestApp::start(vec![cautious]).await;
    let run = ask(app.address).await;
    assert_eq!(run.status.code(), Some(1));
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(message.contains(r#""disk":"failing""#), "{message}");
}

#[tokio::test]
async fn fails_where_nothing_listens() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let run = ask(address).await;
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8(run.stderr).unwrap().contains("does not answer"));
}
