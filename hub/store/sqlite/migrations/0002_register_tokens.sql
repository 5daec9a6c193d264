-- A register may have several tokens: each pairing grants one, and the last few stay good.
CREATE TABLE register_tokens (
    token_digest TEXT PRIMARY KEY,
    register_key TEXT NOT NULL REFERENCES registers (register_key),
    granted_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX register_tokens_register ON register_tokens (register_key, granted_at);

INSERT INTO register_tokens (token_digest, register_key, granted_at)
    SELECT token_digest, register_key, created_at FROM registers;
DROP INDEX registers_token;
ALTER TABLE registers DROP COLUMN token_digest;
