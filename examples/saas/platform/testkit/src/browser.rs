use std::collections::BTreeMap;

use hyper::{
    Request,
    body::Bytes,
    header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
    http::request::Builder,
};

use crate::{Form, Response, TestApp};

/// Visits pages as a person does: it keeps cookies, and says where its requests come from.
#[derive(Debug)]
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
}

impl TestApp {
    /// A browser without cookies.
    #[must_use]
    pub const fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: BTreeMap::new() }
    }
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Response {
        self.send(Request::get(path).header("sec-fetch-site", "none"), String::new()).await
    }

    /// Sends a form. Redirects are left to [`Browser::follow`].
    pub async fn submit(&mut self, form: &Form) -> Response {
        let fields = form.encode();
        if form.method != "post" {
            return self.get(&format!("{}?{fields}", form.action)).await;
        }
        let request = Request::post(&form.action)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, format!("http://{}", self.app.address))
            .header("sec-fetch-site", "same-origin");
        self.send(request, fields).await
    }

    /// Goes where an answer redirects to.
    ///
    /// # Panics
    ///
    /// When it redirects nowhere.
    pub async fn follow(&mut self, response: &Response) -> Response {
        let location = response.header(LOCATION.as_str());
        assert!(response.status.is_redirection() && !location.is_empty(), "no redirect: {response:?}");
        self.get(location).await
    }

    /// Sends a form that is answered with a redirect, and goes there.
    ///
    /// # Panics
    ///
    /// When the form is answered otherwise.
    pub async fn submit_and_follow(&mut self, form: &Form) -> Response {
        let response = self.submit(form).await;
        self.follow(&response).await
    }

    /// The value of a cookie, if the browser has it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Sends any other request, with the cookies.
    ///
    /// # Panics
    ///
    /// When a cookie is not text.
    pub async fn send(&mut self, mut request: Builder, body: impl Into<Bytes> + Send) -> Response {
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = self.app.send(request, body).await;
        for cookie in response.headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("the cookie is readable text"));
        }
        response
    }

    /// A cookie is taken back by one that has no time left.
    fn keep(&mut self, cookie: &str) {
        let (cookie, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
        let is_over = attributes.split(';').any(|attribute| {
            let attribute = attribute.trim().to_ascii_lowercase();
            attribute == "max-age=0" || attribute.starts_with("max-age=-") || attribute.contains("01 jan 1970")
        });
        if is_over {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
