use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A job, as the database has it.
#[derive(sqlx::FromRow)]
pub struct Row {
    id: String,
    job: Vec<u8>,
    state: String,
    attempts: i64,
    max_attempts: i64,
    run_at: i64,
    result: Option<String>,
}

/// What the kernel has put into the queue.
#[derive(Deserialize)]
struct Envelope {
    kind: String,
    payload: Value,
    request: Option<String>,
}

/// A job in the queue.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub id: String,
    pub kind: String,
    /// `waiting` for its time, `running`, `failed` and waiting for another attempt, `dead` or `done`.
    pub state: String,
    pub attempts: i64,
    pub max_attempts: i64,
    /// When it may run, or might have.
    pub run_at: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The request that left it behind.
    pub request: Option<String>,
    pub payload: Value,
}

impl TryFrom<Row> for Entry {
    type Error = anyhow::Error;

    fn try_from(row: Row) -> anyhow::Result<Self> {
        let envelope: Envelope = serde_json::from_slice(&row.job)?;
        let last: Option<Result<Value, String>> = row.result.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Self {
            id: row.id,
            kind: envelope.kind,
            state: row.state,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            run_at: OffsetDateTime::from_unix_timestamp(row.run_at)?.format(&Rfc3339)?,
            error: last.and_then(Result::err),
            request: envelope.request,
            payload: envelope.payload,
        })
    }
}

/// All about one job.
impl Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "id        {}", self.id)?;
        writeln!(formatter, "kind      {}", self.kind)?;
        writeln!(formatter, "state     {}", self.state)?;
        writeln!(formatter, "attempts  {} of {}", self.attempts, self.max_attempts)?;
        writeln!(formatter, "run at    {}", self.run_at)?;
        if let Some(request) = &self.request {
            writeln!(formatter, "request   {request}")?;
        }
        if let Some(error) = &self.error {
            writeln!(formatter, "error     {error}")?;
        }
        writeln!(formatter, "payload   {}", self.payload)
    }
}

/// A line for each job.
pub fn table(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.kind.len()).chain([4]).max().unwrap_or_default();
    let line = |id: &str, state: &str, attempts: &str, run_at: &str, kind: &str, error: &str| {
        let line = format!("{id:<26}  {state:<7}  {attempts:<8}  {run_at:<20}  {kind:<width$}  {error}");
        format!("{}\n", line.trim_end())
    };
    let rows = entries.iter().map(|entry| {
        let attempts = format!("{}/{}", entry.attempts, entry.max_attempts);
        let error = entry.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
        line(&entry.id, &entry.state, &attempts, &entry.run_at, &entry.kind, error)
    });
    let head = line("ID", "STATE", "ATTEMPTS", "RUN AT", "KIND", "ERROR");
    std::iter::once(head).chain(rows).collect()
}
