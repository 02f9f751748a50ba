-- Notes that were there before belong to nobody.
ALTER TABLE notes
    ADD COLUMN user_id
    BLOB NOT NULL
    DEFAULT x'00000000000000000000000000000000';

CREATE INDEX notes_by_owner ON notes (user_id, created_at, id);
