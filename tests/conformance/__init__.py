"""RFC 6455, spoken raw over a socket to the server as it is configured.

The cases follow the chapters of the Autobahn|Testsuite, which has no build for Python 3. `compare.py` runs the same
cases, and measures memory and speed, for each implementation that uvicorn can use.
"""
