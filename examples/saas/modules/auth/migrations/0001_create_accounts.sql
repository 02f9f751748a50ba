CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'user',
    password TEXT,
    device_generation INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    deactivated_at TEXT,
    delete_after TEXT
);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    remembered INTEGER NOT NULL,
    client TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    confirmed_at TEXT NOT NULL
);

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE pending_logins (
    id BLOB NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    remembered INTEGER NOT NULL,
    next TEXT,
    attempts INTEGER NOT NULL,
    created_at TEXT NOT NULL
);

CREATE INDEX pending_logins_by_user ON pending_logins (user_id);

CREATE TABLE links (
    id BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    next TEXT,
    expires_at TEXT NOT NULL,
    used_at TEXT
);

CREATE INDEX links_by_user ON links (user_id);

CREATE TABLE auth_throttle (
    key TEXT NOT NULL PRIMARY KEY,
    attempts INTEGER NOT NULL,
    strikes INTEGER NOT NULL,
    began_at INTEGER NOT NULL
);

CREATE TABLE activity (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    client TEXT NOT NULL,
    agent TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE INDEX activity_by_user ON activity (user_id, id);

CREATE TABLE api_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT,
    told_at TEXT
);

CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
