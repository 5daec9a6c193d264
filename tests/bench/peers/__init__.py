"""What a team would pick instead of the hub, doing the same work under the same load generator.

Each is a small program of ours on libraries that `scripts/bench --install-peers` puts into `.peers`. One that is not
installed is left out, and the report says so.
"""
