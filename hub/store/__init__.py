"""The store is the truth: records, repositories over a session, and the stores that implement the session.

A command is an `async def` over a `Unit`. SQLite drives it to its end inside its own thread, without it ever
suspending; a networked store really awaits. Nothing here decides; `statemachines` does.
"""
