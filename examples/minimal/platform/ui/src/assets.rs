//! Files that are part of the binary. Their path contains a checksum of their content, so that a browser may keep them
//! for a year and still sees a change at once.

use std::{io::Read, sync::LazyLock};

use axum::{Router, http::HeaderMap, http::header, response::IntoResponse, response::Response, routing::get};
use flate2::{Compression, read::GzEncoder};
use kernel::AppState;

pub static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let mut css = String::new();
    css.push_str(include_str!("../assets/app.css"));
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
        let mut gzip = Vec::new();
        let mut encoder = GzEncoder::new(content.as_bytes(), Compression::best());
        encoder.read_to_end(&mut gzip).expect("memory can be read");
        // The last bytes of a gzip file are the checksum and the length of its content.
        let hash = gzip.last_chunk().copied().map_or(0, u64::from_be_bytes);
        Self { path: format!("/assets/{name}-{hash:016x}.{extension}"), content_type, content, gzip }
    }

    fn answer(&'static self, request: &HeaderMap) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ];
        let gzip = accepts_gzip(request).then_some([(header::CONTENT_ENCODING, "gzip")]);
        let body = if gzip.is_some() { self.gzip.as_slice() } else { self.content.as_bytes() };
        (headers, gzip, body).into_response()
    }
}

pub fn routes() -> Router<AppState> {
    [&*STYLESHEET, &*ICON].into_iter().fold(Router::new(), |router, asset| {
        router.route(&asset.path, get(async |request: HeaderMap| asset.answer(&request)))
    })
}

/// Whether gzip is listed, and not with a weight of zero.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.replace(' ', "").split(',').any(|coding| {
        let weight = coding.strip_prefix("gzip;q=").unwrap_or_default();
        coding == "gzip" || !weight.trim_matches(['0', '.']).is_empty()
    })
}
