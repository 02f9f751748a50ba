use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST, HeaderMap},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpStream, time::timeout};

use crate::{PATIENCE, TestApp, visitor};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// An answer, read to its end. Redirects are not followed.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body as text. What is no text becomes question marks.
    pub body: String,
}

impl Response {
    /// The value of a header, or an empty text.
    ///
    /// # Panics
    ///
    /// When the header is not text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("the header is readable text"))
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// When the body is something else.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("unexpected body: {error}: {}", self.body))
    }
}

impl TestApp {
    pub async fn get(&self, path: &str) -> Response {
        self.send(Request::get(path), String::new()).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send(Request::delete(path), String::new()).await
    }

    /// # Panics
    ///
    /// When the body cannot be written as JSON.
    pub async fn post_json<T: Serialize + Sync>(&self, path: &str, body: &T) -> Response {
        let body = serde_json::to_string(body).expect("the body can be serialised");
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        self.send(request, body).await
    }

    /// Submits a form, which is given in its encoded shape: `title=Milk&body=two+bottles`.
    pub async fn post_form(&self, path: &str, form: &str) -> Response {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form.to_owned()).await
    }

    /// Sends any other request.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(&self, request: Builder, body: impl Into<Bytes> + Send) -> Response {
        let visitor = self.visitor.as_ref().map(visitor::write);
        let request = visitor.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request
            .header(HOST, self.address.to_string())
            .body(Full::new(body.into()))
            .expect("the request is well formed");
        timeout(PATIENCE, self.exchange(request)).await.expect("an answer comes in time").expect("the connection holds")
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response, Error> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Response { status: parts.status, headers: parts.headers, bytes, body })
    }
}
