use axum::{
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use hyper::{HeaderMap, header::HeaderName};
use kernel::{Module, Stage, Visitor};
use uuid::Uuid;

use crate::TestApp;

const HEADER: HeaderName = HeaderName::from_static("test-visitor");

impl TestApp {
    /// The same application, for somebody who has signed in.
    #[must_use]
    pub fn as_user(&self) -> Self {
        self.as_visitor(&[])
    }

    /// The same application, for somebody who has signed in and has this role.
    #[must_use]
    pub fn as_role(&self, role: &str) -> Self {
        self.as_visitor(&[role.to_owned()])
    }

    fn as_visitor(&self, roles: &[String]) -> Self {
        let visitor = Visitor { id: Uuid::now_v7(), name: "Test".into(), roles: roles.into() };
        Self { visitor: Some(visitor), ..self.clone() }
    }
}

/// Tells the application who asks, as a module for accounts does.
pub fn module() -> Module {
    Module::new("testkit").layer(Stage::Visitor, |router, _, _| router.layer(middleware::from_fn(admit)))
}

async fn admit(mut request: Request, next: Next) -> Response {
    if let Some(visitor) = read(request.headers()) {
        request.extensions_mut().insert(visitor);
    }
    next.run(request).await
}

/// What the header says about a visitor: the id and the roles, with blanks in between.
pub fn write(visitor: &Visitor) -> (HeaderName, String) {
    (HEADER, format!("{} {}", visitor.id, visitor.roles.join(" ")))
}

fn read(headers: &HeaderMap) -> Option<Visitor> {
    let mut words = headers.get(HEADER)?.to_str().ok()?.split_whitespace();
    Some(Visitor { id: words.next()?.parse().ok()?, name: "Test".into(), roles: words.map(str::to_owned).collect() })
}
