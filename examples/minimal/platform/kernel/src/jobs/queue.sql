CREATE TABLE _jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'waiting', 'running', 'done', 'dead', 'cancelled')),
    run_at INTEGER NOT NULL,
    locked_by TEXT,
    last_error TEXT,
    request TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX _jobs_waiting ON _jobs (priority DESC, id) WHERE state = 'waiting';
CREATE INDEX _jobs_timed ON _jobs (run_at) WHERE state IN ('scheduled', 'running');
CREATE INDEX _jobs_finished ON _jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX _jobs_key ON _jobs (kind, unique_key)
    WHERE finished_at IS NULL AND unique_key IS NOT NULL;
CREATE VIEW _clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms;
