"""What goes over the wire: typed messages, JSON-RPC framing, close codes, the POS envelope.

Both ends use it: the edge of the hub and the SDK. It knows no socket, no store and no clock.
"""
