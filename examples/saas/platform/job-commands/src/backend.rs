//! The queries, for the tables of apalis in `SQLite`.

/// The jobs with the id $1, or all; in the state $2, or any; at most $3.
pub const SELECT: &str = "SELECT * FROM (SELECT id, job, attempts, max_attempts, run_at, last_result AS result, \
     CASE WHEN status = 'Done' THEN 'done' WHEN status IN ('Queued', 'Running') THEN 'running' \
     WHEN status = 'Killed' OR (status = 'Failed' AND attempts >= max_attempts) THEN 'dead' \
     WHEN status = 'Failed' THEN 'failed' ELSE 'waiting' END AS state FROM Jobs) AS listed \
     WHERE ($1 IS NULL OR id = $1) AND ($2 IS NULL OR state = $2) ORDER BY id DESC LIMIT $3";

/// Jobs that neither run nor are done get all of their attempts again.
pub const RETRY: &str = "UPDATE Jobs SET status = 'Pending', attempts = 0, run_at = unixepoch(), lock_by = NULL, \
     lock_at = NULL, done_at = NULL WHERE id = $1 AND status IN ('Pending', 'Failed', 'Killed')";

pub const DISCARD: &str = "DELETE FROM Jobs WHERE id = $1 AND status NOT IN ('Queued', 'Running')";

/// Removes the jobs that were done $1 seconds ago or earlier.
pub const PRUNE: &str = "DELETE FROM Jobs WHERE status = 'Done' AND done_at <= unixepoch() - $1";
