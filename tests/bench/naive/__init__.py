"""The same path as one writes it first: correct, durable (synchronous=FULL), and with the obvious tools.

aiosqlite statement by statement, a `transitions` Machine per transaction, Starlette's form parser, h11, the standard
event loop and json. No authentication, no retries, no logs, no limits: it does less than the hub.
"""
