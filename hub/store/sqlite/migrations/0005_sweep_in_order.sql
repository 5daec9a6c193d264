-- Transactions are swept in the order in which they came, as events are: no index on the time of their end is written for it.
DROP INDEX transactions_finished;
