"""Callbacks: telling a POS's own URL that its transaction is complete (pos-api 8).

Polling stays the authority. A callback is signed as Standard Webhooks says, delivered at least once from a durable
outbox, and never sent into the hub's own network.
"""
