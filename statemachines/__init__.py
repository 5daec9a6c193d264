"""The rules of the hub: state tables and pure decisions.

Every legal step of a pairing code, a pairing, a transaction and a device queue is a row in a table here.
Laws of this package:

1. No clock, randomness or I/O. Whatever a decision needs (the present time, a serial) is an argument.
2. An illegal trigger raises `IllegalTrigger` and changes nothing.
3. A domain "no" is a `Refusal` with a stable code; it is raised before anything has changed.
4. It imports the standard library only, and `transitions` in `table.py` alone.
"""
