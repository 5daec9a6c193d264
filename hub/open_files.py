"""How many files, and connections among them, the system lets this process have open."""

from __future__ import annotations

import contextlib
import sys

if sys.platform != "win32":
    import resource


def raise_limit() -> None:
    """To all that the system grants. The usual 1,024 are for programs that use `select`."""
    if sys.platform != "win32":
        _, granted = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):  # macOS grants more than it takes
            resource.setrlimit(resource.RLIMIT_NOFILE, (granted, granted))


def limit() -> int:
    if sys.platform != "win32":
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if now != resource.RLIM_INFINITY:
            return now
    return sys.maxsize
