-- What an operator looks for among millions that went well. An approved payment writes nothing for it.
CREATE INDEX transactions_not_approved ON transactions (state, seq) WHERE finished_at IS NOT NULL AND state <> 'approved';
