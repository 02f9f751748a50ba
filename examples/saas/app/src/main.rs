//! The one binary. Its commands are those of [`kernel::Program`] and those of the modules.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request is many small allocations, some of which another thread frees. The system's allocator does that more slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    kernel::Program::new(app::modules).run().await
}
