//! Forms with files, as browsers send them (`multipart/form-data`, RFC 7578), read piece by piece.

use axum::{body::Bytes, http::StatusCode};
use futures_util::{Stream, StreamExt};
use kernel::{Error, Result};

/// How many bytes a form may have besides its file: the heads of its parts, and fields that nobody asks for.
pub const BESIDES: usize = 64 * 1024;

/// How many fields a form may have.
const PARTS: usize = 17;

/// The longest boundary that RFC 2046 allows.
const BOUNDARY: usize = 70;

/// A form that arrives.
#[derive(Debug)]
pub struct Form<S> {
    content: S,
    /// What has arrived, and is not handed on yet.
    buffer: Vec<u8>,
    /// A line break, two hyphens and the boundary.
    delimiter: Vec<u8>,
    is_in_part: bool,
    parts: usize,
    /// How many bytes may still come that belong to no file.
    besides: usize,
}

/// The head of a part.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    /// What the browser calls the file, if the part is one.
    pub file_name: Option<String>,
}

impl<S: Stream<Item = Result<Bytes>> + Unpin + Send> Form<S> {
    /// A form with this `Content-Type`.
    pub fn new(content_type: &str, content: S) -> Result<Self> {
        let no_form = || Error::Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send a form with a file.".to_owned());
        let boundary = read_boundary(content_type).ok_or_else(no_form)?;
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter has no line break in front of it.
        let buffer = b"\r\n".to_vec();
        Ok(Self { content, buffer, delimiter, is_in_part: true, parts: 0, besides: BESIDES })
    }

    /// Goes to the next part, over what is left of this one.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        while let Some(bytes) = self.chunk().await? {
            self.spend(bytes.len())?;
        }
        let after = loop {
            match self.buffer.get(..2) {
                Some(after) => break [after[0], after[1]],
                None => self.fill().await?,
            }
        };
        match &after {
            b"--" => return Ok(None),
            b"\r\n" => {}
            _ => return Err(malformed()),
        }
        self.parts += 1;
        if self.parts > PARTS {
            return Err(malformed());
        }
        let end = loop {
            match self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None if self.buffer.len() > self.besides => return Err(malformed()),
                None => self.fill().await?,
            }
        };
        self.spend(end + 4)?;
        let rest = self.buffer.split_off(end + 4);
        let head = std::mem::replace(&mut self.buffer, rest);
        self.is_in_part = true;
        let head = std::str::from_utf8(&head).map_err(|_| malformed())?;
        read_head(head).map(Some).ok_or_else(malformed)
    }

    /// The next piece of this part, or nothing at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if !self.is_in_part {
            return Ok(None);
        }
        loop {
            if let Some(end) = find(&self.buffer, &self.delimiter) {
                if end > 0 {
                    return Ok(Some(self.take(end)));
                }
                self.buffer.drain(..self.delimiter.len());
                self.is_in_part = false;
                return Ok(None);
            }
            // What stands last may be the begin of a delimiter.
            let ready = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
            if ready > 0 {
                return Ok(Some(self.take(ready)));
            }
            self.fill().await?;
        }
    }

    fn take(&mut self, length: usize) -> Bytes {
        let rest = self.buffer.split_off(length);
        std::mem::replace(&mut self.buffer, rest).into()
    }

    async fn fill(&mut self) -> Result<()> {
        let bytes = self.content.next().await.ok_or_else(malformed)??;
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.besides = self.besides.checked_sub(bytes).ok_or_else(malformed)?;
        Ok(())
    }
}

fn malformed() -> Error {
    Error::Refused(StatusCode::BAD_REQUEST, "The form cannot be read.".to_owned())
}

fn find(buffer: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = buffer.get(from..)?;
        let at = from + rest.iter().position(|&byte| byte == b'\r')?;
        if buffer.get(at..)?.starts_with(delimiter) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn read_boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let boundary = boundary.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(boundary);
    let is_plain = boundary.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"');
    ((1..=BOUNDARY).contains(&boundary.len()) && is_plain).then(|| boundary.to_owned())
}

/// Reads the headers of a part.
fn read_head(head: &str) -> Option<Part> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let rest = value.trim().strip_prefix("form-data")?;
    Some(Part { name: parameter(rest, "name")?, file_name: parameter(rest, "filename") })
}

/// A value in quotation marks. Browsers write those of the value itself as `%22`.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (name, after) = rest.strip_prefix(';')?.trim_start().split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    const KIND: &str = "multipart/form-data; boundary=xy";

    /// The parts of a form whose bytes arrive in pieces of this length.
    async fn read(body: &[u8], length: usize) -> Result<Vec<(Part, Vec<u8>)>> {
        let pieces: Vec<_> = body.chunks(length).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut form = Form::new(KIND, stream::iter(pieces))?;
        let mut parts = Vec::new();
        while let Some(part) = form.next().await? {
            let mut content = Vec::new();
            while let Some(bytes) = form.chunk().await? {
                content.extend_from_slice(&bytes);
            }
            parts.push((part, content));
        }
        Ok(parts)
    }

    fn written(content: &[u8]) -> Vec<u8> {
        let head = b"--xy\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";
        [&head[..], content, b"\r\n--xy\r\ncontent-disposition: form-data; name=\"b\"\r\n\r\n1\r\n--xy--\r\n"].concat()
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            content in prop::collection::vec(prop::sample::select(b"\r\n-xya".to_vec()), 0..60),
            length in 1_usize..40,
        ) {
            // What holds the delimiter itself is another form.
            prop_assume!(find(&content, b"\r\n--xy").is_none());
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
            let parts = runtime.block_on(read(&written(&content), length)).expect("the form is well formed");
            let file = Part { name: "file".to_owned(), file_name: Some("a.txt".to_owned()) };
            let field = Part { name: "b".to_owned(), file_name: None };
            prop_assert_eq!(parts, vec![(file, content), (field, b"1".to_vec())]);
        }
    }

    #[tokio::test]
    async fn a_form_that_is_none_is_refused() {
        let head = "--xy\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1";
        for body in [
            String::new(),
            "no form".to_owned(),
            head.to_owned(),
            format!("{head}\r\n--xy"),
            format!("{head}\r\n--xyz\r\n"),
            "--xy\r\ncontent-disposition: form-data\r\n\r\n1\r\n--xy--".to_owned(),
            "--xy\r\ncontent-disposition: attachment; name=\"a\"\r\n\r\n1\r\n--xy--".to_owned(),
            "--xy\r\n\r\n1\r\n--xy--".to_owned(),
            format!("{}--xy--", format!("{head}\r\n").repeat(PARTS + 1)),
            format!("--xy\r\nx: {}\r\n", "y".repeat(BESIDES)),
            format!("{}\r\n--xy--", "preamble".repeat(BESIDES)),
        ] {
            assert!(read(body.as_bytes(), 1000).await.is_err(), "{body:.100}");
        }
        assert!(read(format!("preamble\r\n{head}\r\n--xy--").as_bytes(), 7).await.is_ok());
    }

    #[test]
    fn boundaries_and_names_are_read_as_browsers_write_them() {
        for (kind, boundary) in [
            ("multipart/form-data; boundary=xy", Some("xy")),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"x y\"", Some("x y")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=xy", None),
            ("multipart/form-data; boundary=x\"y", None),
        ] {
            assert_eq!(read_boundary(kind).as_deref(), boundary, "{kind}");
        }
        assert!(read_boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))).is_none());
        let head = "content-disposition: form-data; name=\"file\"; filename=\"a%22b; name=c.txt\"\r\n\r\n";
        let part = read_head(head).expect("the head is well formed");
        assert_eq!((&*part.name, part.file_name.as_deref()), ("file", Some("a\"b; name=c.txt")));
    }
}
