"""Simulators: a realistic payment terminal, and POS software as it exists.

For the demo, the command line, load tests and the tests. They reach the hub over the wire only, through the SDK and
HTTP, and know nothing of its inside.
"""

from __future__ import annotations

from hub.simulator.amounts import AmountScript
from hub.simulator.device import SimulatedDevice
from hub.simulator.memory import Memory
from hub.simulator.network import Network
from hub.simulator.pos import Pos, PosAnswer, PosRefused
from hub.simulator.script import Job, ManualScript, Script, Verdict

__all__ = [
    "AmountScript",
    "Job",
    "ManualScript",
    "Memory",
    "Network",
    "Pos",
    "PosAnswer",
    "PosRefused",
    "Script",
    "SimulatedDevice",
    "Verdict",
]
