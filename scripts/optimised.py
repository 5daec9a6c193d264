"""Ends with 0 if the interpreter that runs it was built with its optimisations, and with 1 if not.

Its build was asked for them, or it is in one piece, as a distribution's own mostly is.
"""

import pathlib
import sys
import sysconfig

maps = pathlib.Path("/proc/self/maps")
asked_for = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
in_one_piece = maps.exists() and "libpython" not in maps.read_text()
sys.exit(not (asked_for or in_one_piece))
