//! The queries, for the tables of apalis in `SQLite`.

/// All that Redis has belongs to one worker, which lives as long as somebody says so.
pub const LIVE: &str = "INSERT INTO Workers (id, worker_type, storage_name, last_seen, started_at) \
     VALUES ('redis', 'default', 'redis', unixepoch(), unixepoch()) \
     ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen";

/// Takes at most $1 jobs that are due.
pub const CLAIM: &str = "UPDATE Jobs SET status = 'Queued', lock_by = 'redis', lock_at = unixepoch() WHERE id IN \
     (SELECT id FROM Jobs WHERE job_type = 'default' AND run_at <= unixepoch() \
     AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)) ORDER BY run_at, id LIMIT $1) \
     RETURNING id";

pub const CLAIMED: &str = "SELECT id FROM Jobs WHERE status = 'Queued' AND lock_by = 'redis'";

/// The job $1, if it has not ended yet.
pub const FIND: &str = "SELECT job, attempts FROM Jobs WHERE id = $1 AND status = 'Queued' AND lock_by = 'redis'";

/// The job $1 has ended as $2, in the attempt $3, with the result $4.
pub const FINISH: &str = "UPDATE Jobs SET status = $2, attempts = $3, last_result = $4, done_at = unixepoch(), \
     lock_by = NULL, lock_at = NULL WHERE id = $1 AND status = 'Queued' AND lock_by = 'redis'";
