"""docs/states.md shows the tables that the hub runs."""

from __future__ import annotations

from pathlib import Path

from statemachines.documentation import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_drawn_from_the_tables() -> None:
    assert (ROOT / "docs/states.md").read_text() == page(), "run: .venv/bin/python scripts/diagrams"
