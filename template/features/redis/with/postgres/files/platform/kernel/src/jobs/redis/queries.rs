//! The queries, for the tables of apalis in `PostgreSQL`.

/// All that Redis has belongs to one worker, which lives as long as somebody says so.
pub const LIVE: &str = "INSERT INTO apalis.workers (id, worker_type, storage_name) VALUES ('redis', 'default', 'redis') \
     ON CONFLICT (id) DO UPDATE SET last_seen = now()";

/// Takes at most $1 jobs that are due.
pub const CLAIM: &str = "UPDATE apalis.jobs SET status = 'Queued', lock_by = 'redis', lock_at = now() WHERE id IN \
     (SELECT id FROM apalis.jobs WHERE job_type = 'default' AND run_at <= now() \
     AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)) \
     ORDER BY priority DESC, run_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id";

pub const CLAIMED: &str = "SELECT id FROM apalis.jobs WHERE status = 'Queued' AND lock_by = 'redis'";

/// The job $1, if it has not ended yet.
pub const FIND: &str =
    "SELECT job, attempts::bigint FROM apalis.jobs WHERE id = $1 AND status = 'Queued' AND lock_by = 'redis'";

/// The job $1 has ended as $2, in the attempt $3, with the result $4.
pub const FINISH: &str = "UPDATE apalis.jobs SET status = $2, attempts = $3::bigint, last_result = $4::jsonb, \
     done_at = now(), lock_by = NULL, lock_at = NULL WHERE id = $1 AND status = 'Queued' AND lock_by = 'redis'";
