//! The variables of this module.

use std::str::FromStr;

use anyhow::ensure;
use kernel::config::{Environment, PublicUrl, Reader, Secret, Settings};

use crate::bucket::Bucket;

#[derive(Clone, Debug)]
pub struct S3Settings {
    pub(crate) bucket: Option<Bucket>,
}

/// A name that stands in addresses as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain(pub String);

impl FromStr for Plain {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
        ensure!(text.bytes().all(is_plain) && !text.starts_with('/') && !text.contains(".."), "no plain name");
        Ok(Self(text.to_owned()))
    }
}

impl Settings for S3Settings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let expects = "an address such as `https://s3.eu-central-1.amazonaws.com`";
        let endpoint: Option<Secret<PublicUrl>> = if reader.environment() == Environment::Production {
            Some(reader.secret("S3_ENDPOINT", expects)?)
        } else {
            reader.optional("S3_ENDPOINT", expects)
        };
        let region = reader.read("S3_REGION", "a name such as `eu-central-1`", Plain("us-east-1".to_owned()));
        let prefix = reader.read("S3_PREFIX", "letters, digits, and `-`, `_`, `.` or `/`", Plain::default());
        let Some(endpoint) = endpoint else {
            // They are known all the same.
            for key in ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] {
                reader.optional::<String>(key, "");
            }
            return Some(Self { bucket: None });
        };
        let name = reader.secret::<Plain>("S3_BUCKET", "the name of the bucket");
        let key_id = reader.secret::<String>("S3_ACCESS_KEY_ID", "the id of a key");
        let key = reader.secret::<String>("S3_SECRET_ACCESS_KEY", "the secret of that key");
        let bucket = Bucket {
            endpoint: endpoint.expose().clone(),
            region: region.0,
            name: name?.expose().0.clone(),
            prefix: prefix.0,
            key_id: key_id?.expose().clone(),
            key: key?,
        };
        Some(Self { bucket: Some(bucket) })
    }
}
