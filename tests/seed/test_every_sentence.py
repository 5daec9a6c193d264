"""Each sentence of the seed document is quoted by a test that holds the hub to it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import tests.seed
from tests.seed.sentences import SENTENCES


def docstrings() -> Iterator[str]:
    """Of all tests of this folder, with their line breaks undone."""
    for found in pkgutil.iter_modules(tests.seed.__path__):
        module = importlib.import_module(f"tests.seed.{found.name}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                yield " ".join((inspect.getdoc(test) or "").split())


@pytest.mark.parametrize("sentence", SENTENCES)
def test_is_quoted(sentence: str) -> None:
    assert any(sentence in docstring for docstring in docstrings())


def test_every_test_quotes_one() -> None:
    """Nothing stands here that the document does not say."""
    own = inspect.getmembers(importlib.import_module("tests.seed.test_every_sentence"), inspect.isfunction)
    told = {" ".join((inspect.getdoc(each) or "").split()) for _, each in own}
    for docstring in docstrings():
        assert docstring in told or any(sentence in docstring for sentence in SENTENCES), docstring
