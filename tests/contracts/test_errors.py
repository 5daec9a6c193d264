"""docs/errors.md lists every stable code that the sources can give, and no other; likewise the close codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.wire import close_codes
from hub.wire.close_codes import CloseCode, may_come_back
from tests.contract import ROOT, asyncapi
from tests.contracts.answers import openapi

PAGE = (ROOT / "docs/errors.md").read_text()
FOLDERS = ("hub/edge", "hub/commands", "hub/wire", "hub/store", "hub/callbacks", "statemachines")
SOURCES = [ROOT / "hub/errors.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]

RAISED = {"Refusal": 0, "PosError": 1, "RpcError": 1, "_problem": 1, "_last": 1, "_answer": 1}
"""Where the code stands among the arguments of what makes an error."""


def _rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = re.split(r"(?m)^## ", PAGE.split(f"\n## {title}\n", 1)[1], maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def _codes(title: str) -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in _rows(title)}


CODES = _codes("Codes")


def _in_sources() -> Iterator[tuple[str, Path]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            yield from ((code, path) for code in _given(node))


def _given(node: ast.AST) -> Iterator[str]:
    """The codes that one piece of source gives: as an argument, as a class's `code`, as a local `code`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
        place = RAISED[node.func.id]
        if len(node.args) > place:
            yield from _words(node.args[place])
    elif isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == ["code"]:
        yield from _words(node.value)


def _words(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from _words(value.body)
        yield from _words(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def test_every_code_of_the_sources_is_listed_and_no_other() -> None:
    found = dict(_in_sources())
    assert set(found) - set(CODES) == set(), "not in docs/errors.md"
    assert set(CODES) - set(found) == set(), "in no source"


def test_refusals_that_a_retry_may_mend() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                retryable = any(keyword.arg == "retryable" for keyword in node.keywords)
                for code in _given(node):
                    assert CODES[code][2] == ("yes" if retryable else "no"), code


def test_codes_are_in_order_and_told_once() -> None:
    names = [row[0] for row in _rows("Codes")]
    assert names == sorted(set(names))


def test_the_codes_of_sockets_are_those_of_asyncapi() -> None:
    told = set(asyncapi()["components"]["schemas"]["HubErrorCode"]["enum"])
    assert {code for code, cells in CODES.items() if cells[1] != "–"} == told


def test_the_codes_of_http_are_those_of_openapi() -> None:
    told = set(openapi()["components"]["schemas"]["ErrorCode"]["enum"])
    # A refused handshake has its code in the body, and stands in asyncapi.yaml.
    handshake = {
        *("draining", "too_many_connections", "subprotocol_unsupported", "origin_not_allowed"),
        *("handshake_malformed", "handshake_too_large"),
    }
    assert {code for code, cells in CODES.items() if cells[0] != "–"} - handshake == told


def test_close_codes() -> None:
    listed = {int(row[0]): row for row in _rows("Close codes")}
    assert {int(code): f"`{code.label}`" for code in CloseCode} == {
        code: row[1] for code, row in listed.items() if row[1] != "–"
    }
    for code, row in listed.items():
        assert row[2] == ("yes" if may_come_back(code) else "no"), code


def test_the_sources_send_the_close_codes_that_the_page_says_they_send() -> None:
    sent = set()
    for path in SOURCES:
        if path != Path(close_codes.__file__):
            sent |= set(re.findall(r"CloseCode\.([A-Z_]+)", path.read_text()))
    unsent = {row[1].strip("`").upper() for row in _rows("Close codes") if "not sent at present" in row[3]}
    assert {code.name for code in CloseCode} - sent == unsent


@pytest.mark.parametrize("kind", ["device", "register", "dashboard"])
def test_asyncapi_names_close_codes_by_their_labels(kind: str) -> None:
    description = asyncapi()["channels"][kind]["description"]
    for number, label in re.findall(r"\b(4\d\d\d) ([a-z_]+)[,;.]", description):
        assert CloseCode(int(number)).label == label
