-- What an operator looks for: the history of one device, and what did not go well. Without these, the rare ones among
-- millions are found by reading them all. An approved payment is in the first only.
CREATE INDEX transactions_device ON transactions (device_id, seq);
CREATE INDEX transactions_not_approved ON transactions (state, seq) WHERE finished_at IS NOT NULL AND state <> 'approved';
