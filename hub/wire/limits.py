"""Field types shared by the messages: how long a text may be, how large an amount.

Amounts are integer cents. The largest is 12 digits, the width of the amount field of ISO 8583, which every acquirer's
host speaks; an operator may lower it (`amount_limit_cents`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Cents = Annotated[int, Meta(gt=0, le=999_999_999_999)]
CentsOrZero = Annotated[int, Meta(ge=0, le=999_999_999_999)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=200)]
# `$` alone would let a line feed at the end pass.
Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+(?!\n)$")]
Word = Annotated[str, Meta(max_length=40, pattern=r"^[a-z][a-z0-9_]*(?!\n)$")]
"""A machine-readable word: a stage, a decline reason."""
Secret = Annotated[str, Meta(min_length=1, max_length=200)]
Reference = Annotated[str, Meta(min_length=1, max_length=100)]
SaleDataText = Annotated[str, Meta(max_length=32_768)]
ReceiptText = Annotated[str, Meta(max_length=8_192)]
"""270 lines of 30 columns."""
CodeText = Annotated[str, Meta(min_length=1, max_length=32)]
Url = Annotated[str, Meta(min_length=1, max_length=2_000)]
