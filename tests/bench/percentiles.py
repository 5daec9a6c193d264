"""The few sums that every figure is made of."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Nearest rank, in milliseconds: each is a time that was measured, none is made up between two."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {name: ordered[math.ceil(len(ordered) * share) - 1] * 1000 for name, share in SHARES.items()}


def medians(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each number over the runs, through nested mappings; what is not a number is the first run's."""
    merged: dict[str, Any] = {}
    for name, first in runs[0].items():
        values = [run[name] for run in runs if name in run]
        if isinstance(first, Mapping):
            merged[name] = medians(values)
        elif isinstance(first, bool) or not isinstance(first, int | float):
            merged[name] = first
        else:
            merged[name] = statistics.median(values)
    return merged
