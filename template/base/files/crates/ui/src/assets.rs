//! Files that are part of the binary. Their path contains a hash of their content, so that a browser may keep them for
//! a year and still sees a change at once.

use std::{io::Read, sync::LazyLock};

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, read::GzEncoder};

pub static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let mut css = String::new();
    css.push_str(include_str!("../assets/app.css"));
    // @slot stylesheets
    Asset::new("app", "css", "text/css", css)
});

pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg").to_owned()));

pub struct Asset {
    pub path: String,
    content_type: &'static str,
    content: String,
    gzip: Vec<u8>,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: String) -> Self {
        let path = format!("/assets/{name}-{:016x}.{extension}", fnv1a(content.as_bytes()));
        let mut gzip = Vec::new();
        let mut encoder = GzEncoder::new(content.as_bytes(), Compression::best());
        encoder.read_to_end(&mut gzip).expect("memory can be read");
        Self { path, content_type, content, gzip }
    }

    /// The file, compressed for clients that can read it so.
    pub fn answer(&'static self, request: &HeaderMap) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ];
        if accepts_gzip(request) {
            (headers, [(header::CONTENT_ENCODING, "gzip")], self.gzip.as_slice()).into_response()
        } else {
            (headers, self.content.as_str()).into_response()
        }
    }
}

/// Whether `accept-encoding` lists gzip, with a weight above zero if it has one.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight: f32| weight > 0.0)
    })
}

/// 64-bit FNV-1a: tells versions of a file apart, which is all that is asked of it here.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
