use hyper::{Request, header::CONTENT_TYPE};

use crate::{Response, TestApp, unique};

/// A form with files, as browsers send it (`multipart/form-data`).
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    body: Vec<u8>,
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl Multipart {
    #[must_use]
    pub fn new() -> Self {
        Self { boundary: unique("boundary").replace(' ', "-"), body: Vec::new() }
    }

    /// Fills in a field.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{}\"\r\n", quoted(name)), value.as_bytes())
    }

    /// Adds a file: its name and type are what a browser claims that they are.
    #[must_use]
    pub fn file(self, name: &str, file_name: &str, content_type: &str, content: &[u8]) -> Self {
        let (name, file_name) = (quoted(name), quoted(file_name));
        let head = format!("name=\"{name}\"; filename=\"{file_name}\"\r\ncontent-type: {content_type}\r\n");
        self.part(&head, content)
    }

    fn part(mut self, head: &str, content: &[u8]) -> Self {
        let head = format!("--{}\r\ncontent-disposition: form-data; {head}\r\n", self.boundary);
        self.body.extend([head.as_bytes(), content, b"\r\n"].concat());
        self
    }
}

/// As the HTML standard says.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl TestApp {
    /// Submits a form with files.
    pub async fn post_multipart(&self, path: &str, form: Multipart) -> Response {
        let kind = format!("multipart/form-data; boundary={}", form.boundary);
        let end = format!("--{}--\r\n", form.boundary);
        let request = Request::post(path).header(CONTENT_TYPE, kind);
        self.send(request, [form.body, end.into_bytes()].concat()).await
    }
}
