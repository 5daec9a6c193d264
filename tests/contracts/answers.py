"""Holds every HTTP answer that the tests see to docs/openapi.yaml."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import httpx
import jsonschema_rs
import yaml

from tests.contract import ROOT, ContractBroken, Json, resolved


@functools.cache
def openapi() -> Json:
    document: Json = yaml.load((ROOT / "docs/openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    return document


METHODS = ("get", "put", "post", "delete", "patch")


def operations() -> dict[str, Json]:
    """All operations, by names such as `PUT /POS/Pairing/{code}`."""
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in openapi()["paths"].items()
        for method in METHODS
        if method in item
    }


@functools.cache
def validator(pointer: str) -> jsonschema_rs.Draft202012Validator:
    """The compiled schema at a JSON pointer into the document."""
    schema = {"$ref": pointer, "paths": openapi()["paths"], "components": openapi()["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), re.IGNORECASE), path)
        for path in openapi()["paths"]
    ]


def template_of(path: str) -> str | None:
    """The documented path that this one is an instance of."""
    folded = "/" + "/".join(part for part in path.split("/") if part)
    return next((template for pattern, template in _templates() if pattern.fullmatch(folded)), None)


async def check_answer(answer: httpx.Response) -> None:
    """A response hook of httpx: raise `ContractBroken` unless the document knows such an answer.

    Paths that are not in the document are not looked at.
    """
    await answer.aread()
    template = template_of(answer.request.url.path)
    if template is None or answer.request.method in ("HEAD", "OPTIONS"):
        return
    method = answer.request.method.lower()
    name = f"{answer.request.method} {template}"
    operation = openapi()["paths"][template].get(method)
    if operation is None:
        expected = 404 if template.startswith("/POS/") else 405
        if answer.status_code != expected:
            raise ContractBroken(f"{name} is not in the document, and was answered with {answer.status_code}")
        return
    if str(answer.status_code) not in operation["responses"]:
        raise ContractBroken(f"{name}: the document knows no {answer.status_code}: {answer.text}")
    described = resolved(openapi(), operation["responses"][str(answer.status_code)])
    _check_headers(name, described, answer)
    _check_body(name, described, answer)


def _check_headers(name: str, described: Json, answer: httpx.Response) -> None:
    for header, reference in described.get("headers", {}).items():
        about = resolved(openapi(), reference)
        if header not in answer.headers:
            if about["required"]:
                raise ContractBroken(f"{name}: {answer.status_code} without the header {header}")
            continue
        schema = resolved(openapi(), about["schema"])
        value: Any = answer.headers[header]
        value = int(value) if schema.get("type") == "integer" and value.isdigit() else value
        if not jsonschema_rs.Draft202012Validator(schema).is_valid(value):
            raise ContractBroken(f"{name}: {header}: {value!r} is not as documented")
    code = answer.headers.get("SmartConnect-Error-Code")
    if code not in described.get("x-codes", [None]):
        raise ContractBroken(f"{name}: {answer.status_code} is not documented to carry {code}")


def _check_body(name: str, described: Json, answer: httpx.Response) -> None:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if media_type not in described["content"]:
        raise ContractBroken(f"{name}: {answer.status_code} as {media_type}")
    if media_type != "application/json":
        return
    compiled = _compiled(json.dumps(described["content"][media_type]["schema"]))
    body = answer.json()
    if not compiled.is_valid(body):
        problems = [
            f"/{'/'.join(map(str, error.instance_path))}: {error.message}" for error in compiled.iter_errors(body)
        ]
        raise ContractBroken(f"{name}: {answer.status_code}: {'; '.join(problems)}: {answer.text}")


@functools.cache
def _compiled(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {**json.loads(schema), "components": openapi()["components"]}, validate_formats=True
    )
