//! Files that are part of the binary. Their path contains a hash of their content, so that a browser may keep them for
//! a year and still sees a change at once.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

pub static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "css", "text/css", include_str!("../assets/app.css")));

pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

pub struct Asset {
    path: String,
    content_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = fnv1a(content.as_bytes());
        Self { path: format!("/assets/{name}-{hash:016x}.{extension}"), content_type, content }
    }

    pub fn path(&self) -> &str {
        &self.path
    }
}

impl IntoResponse for &Asset {
    fn into_response(self) -> Response {
        let headers =
            [(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        (headers, self.content).into_response()
    }
}

/// 64-bit FNV-1a: tells versions of a file apart, which is all that is asked of it here.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
