"""The words of the tables: states, triggers and outcomes, as they are stored and sent."""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING


class Word(StrEnum):
    """An enumeration whose members are asked for their `value` some thirty times a payment.

    The standard library's `name` and `value` are two calls of Python each; these are one of C, and tell the same.
    """

    if not TYPE_CHECKING:
        name = property(attrgetter("_name_"))
        value = property(attrgetter("_value_"))
