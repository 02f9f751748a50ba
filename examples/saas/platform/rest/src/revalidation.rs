use axum::{
    Router,
    body::{self, Body, HttpBody},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use headers::{HeaderMapExt, IfNoneMatch};
use kernel::{AppState, Area, Result};

use crate::{ETag, etag::read_tags};

/// What a client may keep, but asks about each time before it uses it.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("private, no-cache");

pub fn layer(router: Router<AppState>, _: Area, _: &AppState) -> Router<AppState> {
    router.layer(middleware::from_fn(revalidate))
}

/// Gives answers an `ETag`, and answers 304 to a client that has the same state already. An answer that says itself how
/// long it may be kept, such as a stylesheet, stays as it is.
async fn revalidate(request: Request, next: Next) -> Result<Response> {
    let is_get = request.method() == Method::GET;
    // One that cannot be read asks for nothing.
    let known: Option<IfNoneMatch> = read_tags(request.headers()).ok().flatten();
    let response = next.run(request).await;
    if !is_get || response.status() != StatusCode::OK || response.headers().contains_key(header::CACHE_CONTROL) {
        return Ok(response);
    }
    let (mut parts, mut body) = response.into_parts();
    let tag = match (parts.headers.typed_get::<headers::ETag>(), body.size_hint().exact()) {
        (Some(tag), _) => tag,
        (None, Some(_)) => {
            let bytes = body::to_bytes(body, usize::MAX).await?;
            let ETag(tag) = ETag::of_body(&bytes);
            body = Body::from(bytes);
            tag
        }
        // A stream goes on as it comes.
        (None, None) => return Ok(Response::from_parts(parts, body)),
    };
    let is_known = known.is_some_and(|known| !known.precondition_passes(&tag));
    parts.headers.typed_insert(tag);
    parts.headers.insert(header::CACHE_CONTROL, ASK_FIRST);
    if is_known {
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Ok((StatusCode::NOT_MODIFIED, parts.headers).into_response());
    }
    Ok(Response::from_parts(parts, body))
}
