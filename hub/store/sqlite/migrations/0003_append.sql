-- Events are appended, whatever register they are for, and swept in the same order; a small index finds a register's own.
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    register_key TEXT NOT NULL REFERENCES registers (register_key),
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    frame TEXT NOT NULL
);
INSERT INTO events (register_key, number, at, frame)
    SELECT register_key, number, at, frame FROM register_events ORDER BY at, register_key, number;
DROP TABLE register_events;
ALTER TABLE events RENAME TO register_events;
CREATE UNIQUE INDEX register_events_number ON register_events (register_key, number);

-- The events tell a register's last number; this one is of the last event that was swept.
ALTER TABLE registers RENAME COLUMN last_event TO swept_event;
UPDATE registers SET swept_event = coalesce(
    (SELECT min(number) - 1 FROM register_events WHERE register_events.register_key = registers.register_key),
    swept_event
);

-- Each step of a device's queue moved it; it served one query at the start.
DROP INDEX devices_online;
