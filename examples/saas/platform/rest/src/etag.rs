use std::{
    fmt::Display,
    hash::{DefaultHasher, Hasher},
};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponseParts, ResponseParts},
};
use kernel::Error;

/// Tells two states of a resource from each other. A handler returns it in front of the body:
/// `(ETag::of_version(note.version), Json(note))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    weak: bool,
    /// With its quotation marks.
    opaque: String,
}

impl ETag {
    /// For a row that counts its changes. The version holds no quotation mark.
    #[must_use]
    pub fn of_version(version: impl Display) -> Self {
        Self { weak: false, opaque: format!("\"{version}\"") }
    }

    /// For a body without a version. It is weak, because a proxy may encode the body in another way.
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self { weak: true, opaque: format!("\"{:016x}\"", hasher.finish()) }
    }

    /// The tag of an answer that has one.
    pub(crate) fn of_answer(headers: &HeaderMap) -> Option<Self> {
        parse_list(headers.get(header::ETAG)?.to_str().ok()?).pop()
    }

    /// The same state, for a client that wants to change it.
    pub(crate) fn matches_strongly(&self, other: &Self) -> bool {
        !self.weak && self == other
    }

    /// The same state, for a client that wants to read it.
    pub(crate) fn matches_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    pub(crate) fn header_value(&self) -> Result<HeaderValue, Error> {
        let mark = if self.weak { "W/" } else { "" };
        Ok(format!("{mark}{}", self.opaque).try_into()?)
    }
}

impl IntoResponseParts for ETag {
    type Error = Error;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Error> {
        response.headers_mut().insert(header::ETAG, self.header_value()?);
        Ok(response)
    }
}

/// What `If-Match` and `If-None-Match` hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: whatever there is.
    Any,
    These(Vec<ETag>),
}

impl Tags {
    /// Reads a header, if the request has it.
    pub fn read(headers: &HeaderMap, name: HeaderName) -> Option<Self> {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        match values[..] {
            [] => None,
            ["*"] => Some(Self::Any),
            _ => Some(Self::These(parse_list(&values.join(",")))),
        }
    }

    pub fn contain(&self, tag: &ETag, compare: fn(&ETag, &ETag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|this| compare(this, tag)),
        }
    }
}

/// The tags up to the first one that is malformed.
fn parse_list(mut text: &str) -> Vec<ETag> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        let (weak, rest) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let Some((opaque, rest)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) else {
            return tags;
        };
        tags.push(ETag { weak, opaque: format!("\"{opaque}\"") });
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Option<Tags> {
        let headers = values.iter().map(|value| (header::IF_MATCH, HeaderValue::from_static(value))).collect();
        Tags::read(&headers, header::IF_MATCH)
    }

    #[test]
    fn a_header_is_a_list_or_a_star() {
        let tag = |weak, opaque: &str| ETag { weak, opaque: opaque.to_owned() };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["*"]), Some(Tags::Any));
        assert_eq!(read(&["\"1\""]), Some(Tags::These(vec![ETag::of_version(1)])));
        let list = Tags::These(vec![tag(false, "\"a,b\""), tag(true, "\"c\""), tag(false, "\"\"")]);
        assert_eq!(read(&["\"a,b\" ,W/\"c\"", "\"\""]), Some(list));
    }

    #[test]
    fn what_is_malformed_matches_nothing() {
        for text in ["", "1", "\"1", "w/\"1\"", "W/1", "**"] {
            assert_eq!(read(&[text]), Some(Tags::These(Vec::new())), "{text}");
        }
    }

    #[test]
    fn changes_need_strong_tags() {
        let (strong, weak) = (ETag::of_version(1), ETag { weak: true, opaque: "\"1\"".to_owned() });
        assert!(strong.matches_strongly(&strong));
        assert!(!weak.matches_strongly(&weak));
        assert!(weak.matches_weakly(&strong));
    }
}
