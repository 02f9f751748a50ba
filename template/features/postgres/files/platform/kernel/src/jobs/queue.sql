CREATE TABLE _jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT,
    priority BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'waiting', 'running', 'done', 'dead', 'cancelled')),
    run_at BIGINT NOT NULL,
    locked_by TEXT,
    last_error TEXT,
    request TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX _jobs_waiting ON _jobs (priority DESC, id) WHERE state = 'waiting';
CREATE INDEX _jobs_timed ON _jobs (run_at) WHERE state IN ('scheduled', 'running');
CREATE INDEX _jobs_finished ON _jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX _jobs_key ON _jobs (kind, unique_key)
    WHERE finished_at IS NULL AND unique_key IS NOT NULL;
CREATE VIEW _clock AS SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms;
CREATE FUNCTION _jobs_accepted() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NOTIFY _jobs; RETURN NULL; END';
CREATE TRIGGER _jobs_accepted AFTER INSERT ON _jobs
    FOR EACH STATEMENT EXECUTE FUNCTION _jobs_accepted();
