use axum::http::HeaderValue;

pub(super) const fn content_security_policy() -> HeaderValue {
    HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'")
}
