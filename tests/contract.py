"""Holds every frame that the tests see to docs/asyncapi.yaml."""

from __future__ import annotations

from typing import Any


def check_frame(kind: str, direction: str, message: dict[str, Any]) -> None:
    """Raise if the contract does not know such a frame. `direction` is the peer's: it sends or receives."""
