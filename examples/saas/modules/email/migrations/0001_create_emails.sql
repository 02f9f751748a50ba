CREATE TABLE emails (
    id BLOB NOT NULL PRIMARY KEY,
    -- While a mail with this key is there, another one is not accepted.
    unique_key TEXT UNIQUE,
    message_id TEXT NOT NULL UNIQUE,
    template TEXT NOT NULL,
    data TEXT NOT NULL,
    stream TEXT NOT NULL,
    is_secret BOOLEAN NOT NULL,
    to_address TEXT NOT NULL,
    -- The address as it is compared.
    to_key TEXT NOT NULL,
    user_id BLOB,
    request TEXT,
    state TEXT NOT NULL,
    -- Which job may send it: those of earlier turns do nothing.
    turn INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How often the server has put it off.
    deferrals INTEGER NOT NULL DEFAULT 0,
    -- How many attempts have ended without anybody knowing whether the server had it.
    doubts INTEGER NOT NULL DEFAULT 0,
    -- Since when the text is under way; nothing before that, and when the attempt has ended.
    data_since TEXT,
    -- The step at which the last attempt ended, and what was said.
    reason TEXT,
    reply TEXT,
    next_attempt_at TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT
);

CREATE INDEX emails_by_creation ON emails (created_at, id);
CREATE INDEX emails_by_state ON emails (state, created_at);
CREATE INDEX emails_by_recipient ON emails (to_key, created_at);

CREATE TABLE suppressions (
    to_key TEXT NOT NULL,
    -- `all`, `notification`, or the name of a template.
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    -- When a mail was sent all the same, whose link would prove the address, and which one.
    tried_at TEXT,
    tried_by BLOB,
    PRIMARY KEY (to_key, scope)
);

CREATE TABLE email_events (
    id BLOB NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    to_key TEXT,
    message_id TEXT,
    detail TEXT,
    email_id BLOB,
    created_at TEXT NOT NULL,
    -- When its consequences were drawn.
    handled_at TEXT,
    UNIQUE (provider, event_id)
);

CREATE INDEX email_events_by_recipient ON email_events (to_key, kind, created_at);
