use std::fmt::{self, Display};

use kernel::database::Backend;
use serde::Serialize;
use sqlx::{Database, FromRow, Row as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A job in the queue.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Entry {
    pub id: i64,
    pub kind: String,
    /// What the job says about itself.
    pub description: String,
    /// `waiting` for its time or for a worker, `running`, `failed` and waiting for another attempt, `dead`, `cancelled` or
    /// `done`.
    pub state: String,
    pub attempts: i64,
    pub max_attempts: i64,
    /// When it may run, or might have; while it runs, when others may take it from a silent worker.
    #[sqlx(try_from = "i64")]
    pub run_at: Moment,
    /// Why the last attempt failed.
    #[sqlx(rename = "last_error")]
    pub error: Option<String>,
    /// The request that left it behind.
    pub request: Option<String>,
    /// Its data, if that was asked for.
    #[sqlx(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

impl Entry {
    /// A row that cannot be read is listed as well, so that something can be done about it.
    pub(crate) fn of(row: &<Backend as Database>::Row) -> anyhow::Result<Self> {
        match Self::from_row(row) {
            Ok(entry) => Ok(entry),
            Err(error) => Ok(Self {
                id: row.try_get("id")?,
                state: row.try_get("state")?,
                kind: "unreadable".to_owned(),
                description: String::new(),
                attempts: 0,
                max_attempts: 0,
                run_at: Moment::from(0),
                error: Some(error.to_string()),
                request: None,
                payload: None,
            }),
        }
    }
}

/// A time as people read it.
#[derive(Clone, Debug, Serialize)]
pub struct Moment(String);

impl From<i64> for Moment {
    fn from(millis: i64) -> Self {
        let time = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok();
        let written = time.and_then(|time| time.format(&Rfc3339).ok());
        Self(written.unwrap_or_else(|| format!("{millis} ms")))
    }
}

/// All about one job.
impl Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "id        {}", self.id)?;
        writeln!(formatter, "kind      {}", self.kind)?;
        writeln!(formatter, "about     {}", self.description)?;
        writeln!(formatter, "state     {}", self.state)?;
        writeln!(formatter, "attempts  {} of {}", self.attempts, self.max_attempts)?;
        writeln!(formatter, "run at    {}", self.run_at.0)?;
        if let Some(request) = &self.request {
            writeln!(formatter, "request   {request}")?;
        }
        if let Some(error) = &self.error {
            writeln!(formatter, "error     {error}")?;
        }
        if let Some(payload) = &self.payload {
            writeln!(formatter, "payload   {payload}")?;
        }
        Ok(())
    }
}

/// A line for each job.
pub fn table(entries: &[Entry]) -> String {
    let about = |entry: &Entry| match entry.description.lines().next() {
        Some(description) if description != entry.kind => format!("{}: {description}", entry.kind),
        _ => entry.kind.clone(),
    };
    let width = entries.iter().map(|entry| about(entry).chars().count()).chain([5]).max().unwrap_or_default();
    let line = |id: &str, state: &str, attempts: &str, run_at: &str, about: &str, error: &str| {
        let line = format!("{id:>8}  {state:<9}  {attempts:<8}  {run_at:<20}  {about:<width$}  {error}");
        format!("{}\n", line.trim_end())
    };
    let rows = entries.iter().map(|entry| {
        let attempts = format!("{}/{}", entry.attempts, entry.max_attempts);
        let error = entry.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
        line(&entry.id.to_string(), &entry.state, &attempts, &entry.run_at.0, &about(entry), error)
    });
    let head = line("ID", "STATE", "ATTEMPTS", "RUN AT", "ABOUT", "ERROR");
    std::iter::once(head).chain(rows).collect()
}
