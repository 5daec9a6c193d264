"""The edge: HTTP and WebSocket. The only part of the hub that knows Starlette.

It parses once, into typed commands; runs them through the engine; and turns every exception into an answer.
"""
