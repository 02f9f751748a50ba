use axum::http::{HeaderName, HeaderValue, header};

pub(super) fn security() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'")),
        (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
    .into_iter()
}
