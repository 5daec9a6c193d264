"""Commands and queries: what the hub does with its store, one noun a module.

Each is an `async def` over a `Unit` and is run by the `Engine`. It loads what it needs, lets `statemachines` decide,
stores the outcome, and notes what must be told once that is durable. It never talks to a socket.
"""
