//! Files that are part of the binary. Their path contains a hash of their content, so that a browser may keep them for a
//! year and still sees a change at once.

use std::{io::Read, sync::LazyLock};

use axum::{
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, read::GzEncoder};
use kernel::{Error, Result, Routes};
use sha2::{Digest, Sha256};

pub static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let mut css = String::new();
    css.push_str(include_str!("../assets/app.css"));
    css.push_str(include_str!("../assets/components.css"));
    css.push_str(include_str!("../assets/uploads.css"));
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
        // Half of a hash is enough: nobody finds two files that share 128 bits of it.
        let hash = Sha256::digest(&content).first_chunk().copied().map_or(0, u128::from_be_bytes);
        Self { path: format!("/assets/{name}-{hash:032x}.{extension}"), content_type, content, gzip }
    }

    fn answer(&'static self, path: &str, request: &HeaderMap) -> Response {
        // While a release is rolled out, pages of one release ask the other for their stylesheet.
        let age = if path == self.path { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, age),
            (header::VARY, "accept-encoding"),
        ];
        let gzip = accepts_gzip(request).then_some([(header::CONTENT_ENCODING, "gzip")]);
        let body = if gzip.is_some() { self.gzip.as_slice() } else { self.content.as_bytes() };
        (headers, gzip, body).into_response()
    }
}

pub fn routes() -> Routes {
    Routes::new().route("/assets/{file}", get(answer))
}

async fn answer(uri: Uri, request: HeaderMap) -> Result<Response> {
    let wanted = without_hash(uri.path());
    let asset = [&*STYLESHEET, &*ICON].into_iter().find(|asset| without_hash(&asset.path) == wanted);
    Ok(asset.ok_or(Error::NotFound)?.answer(uri.path(), &request))
}

/// The parts of a path before and after the hash, which may be that of any release.
fn without_hash(path: &str) -> Option<(&str, &str)> {
    let (name, rest) = path.rsplit_once('-')?;
    let (hash, extension) = rest.split_once('.')?;
    let is_hash = hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some((name, extension))
}

/// Whether gzip is listed, and not with a weight of zero.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.replace(' ', "").split(',').any(|coding| {
        let weight = coding.strip_prefix("gzip;q=").unwrap_or_default();
        coding == "gzip" || !weight.trim_matches(['0', '.']).is_empty()
    })
}
