-- Times are UTC milliseconds, amounts integer cents. One row in `meta` per fact about the store itself.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE devices (
    device_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    merchant_id TEXT NOT NULL,
    reserved_for TEXT,
    credential_digest TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    revoked_at INTEGER,
    serial TEXT,
    model TEXT NOT NULL,
    firmware TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    state TEXT NOT NULL,
    current TEXT,
    due_at INTEGER,
    connected_at INTEGER,
    disconnected_at INTEGER
) WITHOUT ROWID;
CREATE INDEX devices_due ON devices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX devices_online ON devices (state) WHERE state <> 'offline';

CREATE TABLE registers (
    register_key TEXT PRIMARY KEY,
    register_id TEXT NOT NULL,
    business_name TEXT NOT NULL,
    vendor_name TEXT NOT NULL,
    register_name TEXT NOT NULL,
    contact TEXT NOT NULL,
    token_digest TEXT NOT NULL,
    last_event INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX registers_token ON registers (token_digest);

CREATE TABLE pairings (
    pairing_id TEXT PRIMARY KEY,
    register_key TEXT NOT NULL REFERENCES registers (register_key),
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    state TEXT NOT NULL,
    paired_at INTEGER NOT NULL,
    ended_at INTEGER,
    cause TEXT
) WITHOUT ROWID;
-- One register has one device.
CREATE UNIQUE INDEX pairings_register ON pairings (register_key) WHERE state = 'active';
CREATE INDEX pairings_device ON pairings (device_id, paired_at);
CREATE INDEX pairings_ended ON pairings (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE pairing_codes (
    code_id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    code TEXT NOT NULL,
    state TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    session_ends_at INTEGER NOT NULL,
    due_at INTEGER
) WITHOUT ROWID;
-- A live code leads to one device, and a device shows one code.
CREATE UNIQUE INDEX pairing_codes_live ON pairing_codes (code) WHERE state IN ('issued', 'replaced');
CREATE UNIQUE INDEX pairing_codes_shown ON pairing_codes (device_id) WHERE state = 'issued';
CREATE INDEX pairing_codes_device ON pairing_codes (device_id) WHERE state IN ('issued', 'replaced');
CREATE INDEX pairing_codes_due ON pairing_codes (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX pairing_codes_issued ON pairing_codes (issued_at);

CREATE TABLE transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_id TEXT NOT NULL UNIQUE,
    register_key TEXT NOT NULL REFERENCES registers (register_key),
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    merchant_id TEXT NOT NULL,
    request TEXT NOT NULL,
    reference TEXT,
    idempotency_key TEXT,
    fingerprint TEXT NOT NULL,
    callback_url TEXT,
    received_at INTEGER NOT NULL,
    start_by INTEGER NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at INTEGER,
    sends INTEGER NOT NULL,
    asks INTEGER NOT NULL,
    sent_serial TEXT,
    acknowledged_at INTEGER,
    stage TEXT,
    cancel_requested_at INTEGER,
    finished_at INTEGER,
    cause TEXT,
    result TEXT,
    resolved_by TEXT,
    conflict TEXT,
    conflict_reviewed_by TEXT,
    history TEXT NOT NULL
);
CREATE INDEX transactions_waiting ON transactions (device_id, seq) WHERE state = 'queued';
CREATE INDEX transactions_open ON transactions (register_key, seq)
    WHERE state IN ('queued', 'sending', 'processing', 'cancelling', 'in_doubt');
CREATE INDEX transactions_due ON transactions (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX transactions_key ON transactions (register_key, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX transactions_reference ON transactions (register_key, reference) WHERE reference IS NOT NULL;
CREATE INDEX transactions_attention ON transactions (seq)
    WHERE state = 'in_doubt' OR (conflict IS NOT NULL AND conflict_reviewed_by IS NULL);
CREATE INDEX transactions_finished ON transactions (finished_at) WHERE finished_at IS NOT NULL;

-- Each register's own gapless sequence.
CREATE TABLE register_events (
    register_key TEXT NOT NULL REFERENCES registers (register_key),
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    frame TEXT NOT NULL,
    PRIMARY KEY (register_key, number)
) WITHOUT ROWID;
CREATE INDEX register_events_at ON register_events (at);

CREATE TABLE callbacks (
    callback_id TEXT PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES transactions (transaction_id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX callbacks_transaction ON callbacks (transaction_id);

-- What operators did, and why.
CREATE TABLE operator_actions (
    action_id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    operator TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    note TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX operator_actions_at ON operator_actions (at);
