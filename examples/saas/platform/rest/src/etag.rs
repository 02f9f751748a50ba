use std::fmt::Display;

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponseParts, ResponseParts},
};
use headers::{Header, HeaderMapExt};
use kernel::{Error, Result};
use sha2::{Digest, Sha256};

/// Tells two states of a resource from each other. A handler returns it in front of the body:
/// `(ETag::of_version(note.version), Json(note))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub(crate) headers::ETag);

impl ETag {
    /// For a row that counts its changes.
    ///
    /// # Panics
    ///
    /// When the version has a blank or a quotation mark in it.
    #[must_use]
    pub fn of_version(version: impl Display) -> Self {
        Self(format!("\"{version}\"").parse().expect("a version is one word"))
    }

    /// For a body without a version. It is weak, because a proxy may encode the body in another way.
    #[expect(clippy::missing_panics_doc, reason = "a number has neither a blank nor a quotation mark in it")]
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        let hash = Sha256::digest(body).first_chunk().copied().map_or(0, u128::from_be_bytes);
        Self(format!("W/\"{hash:032x}\"").parse().expect("a number is one word"))
    }
}

impl IntoResponseParts for ETag {
    type Error = Error;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts> {
        response.headers_mut().typed_insert(self.0);
        Ok(response)
    }
}

/// Reads a header that holds tags, if there is one.
pub fn read_tags<H: Header>(headers: &HeaderMap) -> Result<Option<H>> {
    // A tag has no blank. The parser takes that for granted, and panics otherwise where debug assertions are on.
    let is_odd = |tag: &str| tag.contains([' ', '\t']);
    let values = headers.get_all(H::name()).iter();
    if values.filter_map(|value| value.to_str().ok()).any(|value| value.split('"').skip(1).step_by(2).any(is_odd)) {
        let advice = format!("The header `{}` holds no entity tags such as \"1\".", H::name());
        return Err(Error::Refused(StatusCode::BAD_REQUEST, advice));
    }
    Ok(headers.typed_get())
}
