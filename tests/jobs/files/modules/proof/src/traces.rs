use std::collections::HashMap;

use kernel::Db;

/// That a process has started a job, or has done it.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Trace {
    pub number: i64,
    pub process: i64,
    pub at_ms: i64,
}

/// What the jobs left behind, by their number, in the order of time.
#[derive(Debug, Default)]
pub struct Traces {
    pub starts: HashMap<i64, Vec<Trace>>,
    pub ends: HashMap<i64, Vec<Trace>>,
}

impl Traces {
    pub async fn read(db: &Db) -> anyhow::Result<Self> {
        let mut traces = Self::default();
        for start in sqlx::query_as("SELECT * FROM starts ORDER BY at_ms").fetch_all(db).await? {
            let start: Trace = start;
            traces.starts.entry(start.number).or_default().push(start);
        }
        for end in sqlx::query_as("SELECT * FROM ends ORDER BY at_ms").fetch_all(db).await? {
            let end: Trace = end;
            traces.ends.entry(end.number).or_default().push(end);
        }
        Ok(traces)
    }

    /// When this process was done with the job that it had started.
    pub fn end_of(&self, start: &Trace) -> Option<i64> {
        let ends = self.ends.get(&start.number)?;
        ends.iter().find(|end| end.process == start.process && end.at_ms >= start.at_ms).map(|end| end.at_ms)
    }
}

/// The middle, the 99th percentile and the largest of some values.
pub fn summary(mut values: Vec<i64>) -> (i64, i64, i64) {
    values.sort_unstable();
    let at = |percent: usize| values.get((values.len() * percent / 100).min(values.len().saturating_sub(1)));
    let value = |percent| at(percent).copied().unwrap_or_default();
    (value(50), value(99), value(100))
}
