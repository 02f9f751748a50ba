//! Files that people upload, on storage that speaks the protocol of S3.

mod bucket;
mod settings;
mod sign;
mod store;

use kernel::{Config, Db, Module};
use uploads::Storage;

pub use settings::S3Settings;

/// How large a part is: the least that S3 takes, and all but the last equally large, as some services want it.
pub const PART: usize = 5 * 1024 * 1024;

/// Provides the [`Storage`] in the place of a folder.
pub fn module() -> Module {
    Module::new("s3").settings::<S3Settings>().needs::<http_client::HttpClient>().provide(storage)
}

/// In development, files stay in a folder until somebody names a bucket.
fn storage(config: &Config, db: &Db) -> anyhow::Result<Storage> {
    let Some(bucket) = config.settings::<S3Settings>().bucket.clone() else { return uploads::folder(config, db) };
    Ok(Storage(Box::new(store::S3::new(bucket))))
}
