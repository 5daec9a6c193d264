"""The one exception tree of the rules.

    RuleError
    ├── IllegalTrigger    a step that no row of the table allows; a fault of the caller's code
    └── Refusal           a domain "no" that the asker is told, with a stable code

A decline by the card issuer is data, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class RuleError(Exception):
    """Base of everything that the rules raise."""


@dataclass(eq=False)
class IllegalTrigger(RuleError):
    """A trigger that the present state does not allow. Nothing has changed."""

    table: str
    trigger: str
    state: str

    def __str__(self) -> str:
        return f"{self.table}: {self.trigger} is not allowed in state {self.state}"


@dataclass(eq=False)
class Refusal(RuleError):
    """A request that the hub understood and refuses.

    `code` is stable and part of the protocol; `text` is for people and may change, except where pos-api fixes it.
    `retryable` says whether the very same request may succeed later. `details` go to the asker as they are.
    """

    code: str
    text: str
    retryable: bool = False
    details: dict[str, str | int | bool] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"
