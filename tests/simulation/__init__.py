"""A deterministic simulation: the real hub on an in-memory transport, an in-memory database and a virtual clock.

One seed is one run: a scheduler draws from one `random.Random` who takes the next step. The hub's own code runs as it
is (commands, tables, engine, timers, sessions, connections, the SQLite store's batches); what stands in for the
world is
the event loop, the clock, the sockets, the store's threads and its disk. Nothing here reads the machine's clock.
"""
