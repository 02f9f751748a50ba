//! Files, as browsers and programs read them. Nothing in them runs here, whatever it is.

use std::ops::Range;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{AppState, Error, Result, Visitor};
use rest::Path;
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{file::File, kind, links, name, owner::Owner, store::Storage};

/// What a link has at its end.
#[derive(Debug, Default, Deserialize)]
pub struct Signature {
    e: Option<i64>,
    s: Option<String>,
}

/// A file, and whose it is.
#[derive(FromRow)]
struct Owned {
    user_id: Uuid,
    #[sqlx(flatten)]
    file: File,
}

/// Hands a file to its owner, or to whoever has a link. To others, it is not there.
pub async fn serve(
    State(state): State<AppState>,
    method: Method,
    visitor: Option<Visitor>,
    Path((id, _)): Path<(Uuid, String)>,
    axum::extract::Query(signature): axum::extract::Query<Signature>,
    request: HeaderMap,
) -> Result<Response> {
    let query = sqlx::query_as("SELECT * FROM files WHERE id = $1 AND state = 'stored'");
    let found: Option<Owned> = query.bind(id).fetch_optional(&state.db).await?;
    let Some(Owned { user_id, file }) = found else { return Err(Error::NotFound) };
    let caching = if let Signature { e: Some(end), s: Some(signature) } = signature {
        match links::check(&state, id, end, &signature) {
            Some(0) => return Err(Error::Refused(StatusCode::GONE, "This link has ended.".to_owned())),
            Some(left) => format!("private, max-age={left}, no-transform"),
            None => return Err(Error::NotFound),
        }
    } else {
        let Owner(owner) = Owner::of(&state, visitor.as_ref())?;
        if owner.is_some_and(|owner| owner != user_id) {
            return Err(Error::NotFound);
        }
        // It may be kept, and is asked for again each time: whoever signs out gets it no more.
        "private, no-cache, no-transform".to_owned()
    };
    answer(&state, &method, &request, &file, caching).await
}

async fn answer(
    state: &AppState,
    method: &Method,
    request: &HeaderMap,
    file: &File,
    caching: String,
) -> Result<Response> {
    let (tag, size) = (format!("\"{}\"", file.sha256), u64::try_from(file.size)?);
    let shown = if kind::is_shown(&file.kind) { "inline" } else { "attachment" };
    let is_text = file.kind.starts_with("text/");
    let headers = [
        (header::CONTENT_TYPE, if is_text { format!("{}; charset=utf-8", file.kind) } else { file.kind.clone() }),
        (header::CONTENT_DISPOSITION, name::disposition(shown, &file.name)),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, caching),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let read = |name| request.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if read(header::IF_NONE_MATCH).is_some_and(|known| is_known(known, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    // A range of another state of the file would be of no use: the whole file is.
    let is_same = read(header::IF_RANGE).is_none_or(|known| known.trim() == tag);
    let wanted = read(header::RANGE).filter(|_| is_same && *method == Method::GET);
    let (status, range) = match wanted.map_or(Wanted::All, |range| read_range(range, size)) {
        Wanted::All => (StatusCode::OK, 0..size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            let refused = Error::Refused(StatusCode::RANGE_NOT_SATISFIABLE, "The file has no such part.".to_owned());
            return Ok((whole, refused).into_response());
        }
    };
    let length = [(header::CONTENT_LENGTH, range.end - range.start)];
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1))]);
    if *method == Method::HEAD {
        return Ok((status, headers, length, Body::empty()).into_response());
    }
    let content = state.service::<Storage>().0.open(state, file.id, range).await?;
    Ok((status, headers, length, part, Body::from_stream(content)).into_response())
}

/// Whether a client has the file already.
fn is_known(known: &str, tag: &str) -> bool {
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
}

/// Reads the header `Range`. Several ranges at once, and what cannot be read, count as none: the whole file is an answer, too.
fn read_range(header: &str, size: u64) -> Wanted {
    let read = || {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().unwrap_or(u64::MAX))
        };
        match (first.trim(), last.trim()) {
            ("", last) => Some((size.saturating_sub(number(last)?), size)),
            (first, "") => Some((number(first)?, size)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then(|| (first, last.saturating_add(1).min(size)))
            }
        }
    };
    match read() {
        None => Wanted::All,
        Some((first, end)) if first < end => Wanted::Part(first..end),
        Some(_) => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (header, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-5", Wanted::Part(2..6)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=8-99999999999999999999999", Wanted::Part(8..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=5-2", Wanted::All),
            ("bytes=0-0,5-6", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("lines=1-2", Wanted::All),
        ] {
            assert_eq!(read_range(header, 10), wanted, "{header}");
        }
    }
}
