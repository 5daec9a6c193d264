"""The command `hub`: serve, operate, simulate, show."""

from hub.cli.main import main

__all__ = ["main"]
