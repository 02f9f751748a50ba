use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use kernel::{Error, Result, error::FieldErrors};

/// What a form says when it comes back.
#[derive(Debug, Default)]
pub struct Refusal {
    /// By field.
    pub errors: FieldErrors,
    /// About the form as a whole.
    pub notice: Option<String>,
    status: StatusCode,
    /// In seconds.
    wait: Option<u64>,
}

impl Refusal {
    /// Says why, if that is something for a form.
    ///
    /// # Errors
    ///
    /// Returns an error that is none.
    pub fn of(error: Error) -> Result<Self> {
        match error {
            Error::Invalid(errors) => Ok(Self { errors, status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::default() }),
            Error::Refused(status, text) => Ok(Self { notice: Some(text), status, ..Self::default() }),
            Error::TooMany(wait) => {
                let minutes = wait.as_secs().div_ceil(60);
                let unit = if minutes == 1 { "minute" } else { "minutes" };
                let notice = Some(format!("There were too many attempts. Try again in {minutes} {unit}."));
                let status = StatusCode::TOO_MANY_REQUESTS;
                Ok(Self { notice, status, wait: Some(wait.as_secs()), ..Self::default() })
            }
            Error::Busy(wait) => {
                let notice = Some("Many people sign in at this moment. Try again.".to_owned());
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Ok(Self { notice, status, wait: Some(wait.as_secs()), ..Self::default() })
            }
            error => Err(error),
        }
    }

    /// The answer with a page that shows this refusal.
    ///
    /// # Errors
    ///
    /// Fails when the page cannot be written.
    pub fn answer(status: StatusCode, wait: Option<u64>, page: &impl Template) -> Result<Response> {
        let mut response = (status, Html(page.render()?)).into_response();
        wait.map(|wait| response.headers_mut().insert(header::RETRY_AFTER, wait.into()));
        Ok(response)
    }

    /// The status, and how many seconds to wait.
    #[must_use]
    pub const fn head(&self) -> (StatusCode, Option<u64>) {
        (self.status, self.wait)
    }
}
