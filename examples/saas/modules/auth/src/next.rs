//! Where somebody wanted to go before they were asked to sign in.

use form_urlencoded::Serializer;

const LIMIT: usize = 2048;

/// A page of this application, or nothing: no other site, and none that signs out at once.
#[must_use]
pub fn check(path: &str) -> Option<&str> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = path.starts_with('/') && !path.starts_with("//") && is_plain && path.len() <= LIMIT;
    (is_local && !path.starts_with("/logout")).then_some(path)
}

/// The address of a page that leads to another one afterwards.
#[must_use]
pub fn link(page: &str, next: &str) -> String {
    let query = |next| Serializer::new(String::new()).append_pair("next", next).finish();
    check(next).map_or_else(|| page.to_owned(), |next| format!("{page}?{}", query(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for path in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\r\nset-cookie: a=b",
            " //evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/logout",
            "",
            &format!("/{}", "x".repeat(LIMIT)),
        ] {
            assert_eq!((check(path), &*link("/login", path)), (None, "/login"), "{path:?}");
        }
        assert_eq!(link("/login", "/books?title=a&sort=title"), "/login?next=%2Fbooks%3Ftitle%3Da%26sort%3Dtitle");
    }
}
