"""The import rules of the shape: dependencies point one way, and each library lives in its own corner."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("hub/**/*.py"), *ROOT.glob("statemachines/*.py")])
LONGEST = 350
FORBIDDEN_NAMES = {"manager", "helper", "helpers", "utils", "util", "common", "data", "process", "handler", "handlers"}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield module
            for alias in node.names:
                if (ROOT / Path(*module.split("."), f"{alias.name}.py")).is_file():
                    yield f"{module}.{alias.name}"


IMPORTS = {_name(path): set(_imports(path)) for path in MODULES}


def _within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _importers_of(library: str) -> set[str]:
    return {name for name, imported in IMPORTS.items() if any(_within(each, library) for each in imported)}


def _third_party(imported: set[str]) -> set[str]:
    tops = {each.split(".")[0] for each in imported}
    return tops - set(sys.stdlib_module_names) - {"hub", "statemachines", "web"}


def test_there_is_something_to_look_at() -> None:
    assert len(IMPORTS) > 60
    assert "starlette.websockets" in IMPORTS["hub.edge.handshake"]


def test_the_rules_import_nothing_but_the_standard_library_and_transitions_in_one_module() -> None:
    for name, imported in IMPORTS.items():
        if _within(name, "statemachines"):
            allowed = {"transitions"} if name == "statemachines.table" else set()
            assert _third_party(imported) <= allowed, name
            assert not any(_within(each, "hub", "web") for each in imported), name
            # Pure: no clock, no randomness, no input or output.
            impure = ("time", "datetime", "random", "secrets", "os", "pathlib", "asyncio", "socket", "sqlite3", "io")
            assert not any(_within(each, *impure) for each in imported), name


@pytest.mark.parametrize(
    ("library", "corners"),
    [
        ("transitions", ["statemachines.table"]),
        ("starlette", ["hub.edge", "hub.app", "hub.server"]),
        (
            "uvicorn",
            [
                "hub.server",
                "hub.edge.http_connection",
                "hub.edge.http_protocol",
                "hub.edge.plain_request",
                "hub.edge.websocket_protocol",
            ],
        ),
        ("aiosqlite", ["hub.store.sqlite"]),
        ("sqlite3", ["hub.store.sqlite"]),
        ("filelock", ["hub.store.sqlite"]),
        ("websockets", ["hub.sdk", "hub.simulator", "hub.edge.conversation", "hub.edge.websocket_protocol"]),
        ("httpx", ["hub.callbacks", "hub.cli", "hub.simulator"]),
        ("standardwebhooks", ["hub.callbacks"]),
        ("typer", ["hub.cli"]),
        ("rich", ["hub.cli"]),
        ("pydantic", ["hub.settings", "hub.cli.serve"]),
        ("pydantic_settings", ["hub.settings", "hub.cli.serve"]),
        ("structlog", ["hub.log"]),
    ],
)
def test_each_library_lives_in_its_corner(library: str, corners: list[str]) -> None:
    outside = {name for name in _importers_of(library) if not _within(name, *corners)}
    assert outside == set()


@pytest.mark.parametrize(
    ("package", "may_import"),
    [
        ("hub.wire", ["hub.wire"]),
        ("hub.bus", ["hub.bus", "hub.log", "hub.wire"]),
        (
            "hub.store",
            ["hub.store", "hub.bus", "hub.wire", "hub.clock", "hub.entropy", "hub.errors", "hub.log", "hub.settings"],
        ),
        (
            "hub.commands",
            [
                "hub.commands",
                "hub.store",
                "hub.bus",
                "hub.wire",
                "hub.clock",
                "hub.entropy",
                "hub.errors",
                "hub.settings",
            ],
        ),
        ("hub.sdk", ["hub.sdk", "hub.wire", "hub.clock"]),
        ("hub.simulator", ["hub.simulator", "hub.sdk", "hub.wire", "hub.clock"]),
    ],
)
def test_dependencies_point_one_way(package: str, may_import: list[str]) -> None:
    for name, imported in IMPORTS.items():
        if _within(name, package):
            outside = {each for each in imported if each.startswith("hub.") and not _within(each, *may_import)}
            assert outside == set(), name


def test_the_portable_store_knows_no_database() -> None:
    """Only the composing modules choose a store; commands and repositories work on any."""
    for name, imported in IMPORTS.items():
        if not _within(name, "hub.store.sqlite", "hub.app"):
            assert not any(_within(each, "hub.store.sqlite") for each in imported), name


def test_commands_await_nothing_but_their_unit() -> None:
    for name, imported in IMPORTS.items():
        if _within(name, "hub.commands"):
            assert not any(_within(each, "asyncio", "time", "random", "socket") for each in imported), name


def test_nothing_needs_the_command_line() -> None:
    for name, imported in IMPORTS.items():
        if not _within(name, "hub.cli", "hub.__main__"):
            assert not any(_within(each, "hub.cli") for each in imported), name


def test_packages_import_each_other_in_no_circle() -> None:
    """Modules directly under `hub` count as packages of their own."""

    def package(module: str) -> str:
        return ".".join(module.split(".")[:2])

    edges: dict[str, set[str]] = {}
    for name, imported in IMPORTS.items():
        targets = {package(each) for each in imported if _within(each, "hub") and each != "hub"}
        edges.setdefault(package(name), set()).update(targets - {package(name)})

    done: set[str] = set()

    def visit(node: str, path: tuple[str, ...]) -> None:
        assert node not in path, " → ".join([*path[path.index(node) :], node])
        if node not in done:
            for target in edges.get(node, ()):
                visit(target, (*path, node))
            done.add(node)

    for node in edges:
        visit(node, ())


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_is_small_and_named_by_a_noun_of_the_field(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST
    assert path.stem not in FORBIDDEN_NAMES
    assert path.parent.name not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert path.stem == "__main__" or ast.get_docstring(ast.parse(path.read_text()))
