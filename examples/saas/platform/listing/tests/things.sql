CREATE TABLE things (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER,
    state TEXT NOT NULL,
    price INTEGER NOT NULL,
    sold_on TEXT,
    done BOOLEAN NOT NULL,
    made_at TEXT NOT NULL
);

CREATE TABLE parcels (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    weight INTEGER NOT NULL
);
