-- "Open" is what has no end yet. As a list of five states it made SQLite build the list anew, as a table of its own, for
-- each write of a transaction; and each step, not only the first and the last, touched this index.
DROP INDEX transactions_open;
CREATE INDEX transactions_open ON transactions (register_key, seq) WHERE finished_at IS NULL;
