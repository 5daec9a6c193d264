"""Field types shared by the messages: how long a text may be, how large an amount.

Amounts are integer cents. The largest is 12 digits, the width of the amount field of ISO 8583, which every acquirer's
host speaks; an operator may lower it (`amount_limit_cents`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Cents = Annotated[int, Meta(gt=0, le=999_999_999_999)]
CentsOrZero = Annotated[int, Meta(ge=0, le=999_999_999_999)]

CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
"""Control characters, for the class of a regular expression; tab and the ends of lines are none here.

They have no place in what people are shown: an operator's terminal would obey them. PostgreSQL cannot store the first.
"""
_PLAIN = f"^[^{CONTROLS}]*$"

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Text = Annotated[str, Meta(max_length=200, pattern=_PLAIN)]
ReportedText = Annotated[str, Meta(max_length=200)]
"""In a device's result: control characters are blanked before it is stored, for an outcome must not be lost to them."""
# `$` alone would let a line feed at the end pass.
Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+(?!\n)$")]
Word = Annotated[str, Meta(max_length=40, pattern=r"^[a-z][a-z0-9_]*(?!\n)$")]
"""A machine-readable word: a stage, a decline reason."""
Secret = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Reference = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PLAIN)]
SaleDataText = Annotated[str, Meta(max_length=32_768)]
ReceiptText = Annotated[str, Meta(max_length=8_192)]
"""270 lines of 30 columns."""
CODE_LIMIT = 32
"""Characters of a pairing code as it is typed, with whatever people put between its digits."""
CodeText = Annotated[str, Meta(min_length=1, max_length=CODE_LIMIT, pattern=_PLAIN)]
Url = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=_PLAIN)]
