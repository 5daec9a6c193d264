"""The documents in docs/ say what the server does, and the server does what they say."""
