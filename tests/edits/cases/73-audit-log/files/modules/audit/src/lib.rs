//! Writes down who changed what.

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use kernel::{
    Module, Stage,
    config::{Reader, Settings},
};

#[derive(Clone, Debug)]
struct Audit {
    prefix: String,
}

impl Settings for Audit {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { prefix: reader.read("AUDIT_PREFIX", "a word", "audit".to_owned()) })
    }
}

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("audit").settings::<Audit>().layer(Stage::Content, |router, _, state| {
        let prefix = state.config.settings::<Audit>().prefix.clone();
        tracing::debug!(prefix, "changes are written down");
        router.layer(from_fn(write_down))
    })
}

async fn write_down(request: Request, next: Next) -> Response {
    tracing::info!(method = %request.method(), "audit");
    next.run(request).await
}
