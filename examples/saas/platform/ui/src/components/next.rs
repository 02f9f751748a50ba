//! The way back from a form: to the list that it was opened from, with its filter, its order and its page.

use std::{convert::Infallible, fmt};

use axum::{extract::FromRequestParts, http::request::Parts};
use form_urlencoded::Serializer;

/// The parameter `next` of an address: an extractor. Written into a template, it is the end of an address that hands it on.
#[derive(Clone, Debug, Default)]
pub struct Next(Option<String>);

impl Next {
    /// Leads back to a path. The one that is the default needs no mention.
    #[must_use]
    pub fn to(path: String, default: &str) -> Self {
        Self(Some(path).filter(|path| path != default))
    }

    /// The path that it leads back to.
    #[must_use]
    pub fn or<'a>(&'a self, default: &'a str) -> &'a str {
        self.0.as_deref().unwrap_or(default)
    }
}

/// `?next=%2Fnotes`, or nothing.
impl fmt::Display for Next {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(path) = &self.0 else { return Ok(()) };
        write!(formatter, "?{}", Serializer::new(String::new()).append_pair("next", path).finish())
    }
}

/// What leads to another site counts as not given.
impl<S: Sync> FromRequestParts<S> for Next {
    type Rejection = Infallible;

    async fn from_request_parts(request: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = request.uri.query().unwrap_or_default();
        let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
        Ok(Self(next.map(|(_, path)| path.into_owned()).filter(|path| is_local(path))))
    }
}

/// Browsers read two slashes as the begin of a host, a backslash as a slash, and skip tabs and line breaks.
fn is_local(path: &str) -> bool {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    path.starts_with('/') && !path.starts_with("//") && is_plain
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(query: &str) -> Next {
        let request = Request::get(format!("/notes/1?{query}")).body(()).expect("the address is well formed");
        let Ok(next) = Next::from_request_parts(&mut request.into_parts().0, &()).await;
        next
    }

    #[tokio::test]
    async fn a_list_is_found_again_as_it_was() {
        let list = "/notes?title=Milch+%26+M%C3%BCsli&sort=title&cursor=W10";
        let next = Next::to(list.to_owned(), "/notes").to_string();
        assert_eq!(read(next.trim_start_matches('?')).await.or("/notes"), list);
        assert_eq!(Next::to("/notes".to_owned(), "/notes").to_string(), "");
        assert_eq!(read("").await.or("/notes"), "/notes");
    }

    #[tokio::test]
    async fn nobody_is_sent_to_another_site() {
        for other in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%09/evil.example",
            "/%0d%0aset-cookie:a=b",
            "%20//evil.example",
            "javascript:alert(1)",
            "evil.example",
            "",
        ] {
            assert_eq!(read(&format!("next={other}")).await.or("/notes"), "/notes", "{other}");
        }
    }
}
