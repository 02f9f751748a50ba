//! What the health report tells about files.

use health_report::Detail;
use kernel::AppState;

use crate::store::Storage;

pub const STORE: Detail = Detail { name: "files", run: |state| Box::pin(check(state)) };

async fn check(state: AppState) -> anyhow::Result<()> {
    state.service::<Storage>().0.check(&state).await
}
