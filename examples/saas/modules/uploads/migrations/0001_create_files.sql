CREATE TABLE files (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- While it arrives, what is reserved for it.
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    -- `receiving`, `stored` or `deleting`
    state TEXT NOT NULL,
    -- What it is attached to.
    attached_to BLOB,
    created_at TEXT NOT NULL
);

CREATE INDEX files_by_owner ON files (user_id, created_at, id);
CREATE INDEX files_by_state ON files (state, created_at);
CREATE INDEX files_by_attachment ON files (attached_to, created_at);

-- What the files of somebody take, those that arrive included.
CREATE TABLE file_usage (
    user_id BLOB NOT NULL PRIMARY KEY,
    bytes INTEGER NOT NULL,
    files INTEGER NOT NULL
);
