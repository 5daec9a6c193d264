"""The two WebSocket protocols, as a firmware or POS developer meets them: bare frames over real sockets."""
