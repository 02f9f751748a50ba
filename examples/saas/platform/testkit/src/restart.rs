use kernel::{Application, Module, database};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{TestApp, configure, visitor};

impl TestApp {
    /// The same database and time, in an application that starts with other modules or variables. The one before goes on.
    ///
    /// # Panics
    ///
    /// When the application does not start.
    pub async fn restart(&self, mut modules: Vec<Module>, variables: &[(&str, &str)]) -> Self {
        modules.push(visitor::module());
        let config = configure(self.database_url(), &modules, variables);
        database::migrate(self.db(), &modules).await.expect("the test database can be used");
        let application = Application::build(config, self.db().clone(), modules).expect("the modules fit together");
        application.state.clock.set(self.clock().now());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let server = application.clone();
        tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });
        Self { application, address, ..self.clone() }
    }
}
