"""A device's hello, read: as a whole, except for its results, each of which stands by itself.

One result that this hub cannot read must neither keep the device away for ever nor lose the outcomes of other payments.
"""

from __future__ import annotations

import msgspec

from hub.wire import jsonrpc
from hub.wire.device import NAMED_REFUSALS, Hello, RefusedResult, Result
from hub.wire.jsonrpc import Incoming, RpcError
from hub.wire.limits import Identifier

_TEXT_LIMIT = 200
"""Characters of the text: it may quote what it is about."""


class _Named(msgspec.Struct):
    transaction_id: Identifier


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_result = msgspec.json.Decoder(Result).decode
_named = msgspec.json.Decoder(_Named).decode


def read(message: Incoming) -> tuple[Hello, list[RefusedResult]]:
    """The hello without the results that are malformed, and these; `RpcError` if anything else in it is.

    Nobody knows yet who says it. So it is not read on once `NAMED_REFUSALS` results are malformed: the device tells
    the rest one by one.
    """
    try:
        return jsonrpc.parse_params(message, Hello), []
    except RpcError as error:
        try:
            fields = _fields(message.params)
            told = _list(fields.pop("results"))
        except (msgspec.DecodeError, RecursionError, KeyError):
            raise error from None
    params = msgspec.Raw(msgspec.json.encode(fields))
    hello = jsonrpc.parse_params(msgspec.structs.replace(message, params=params), Hello)
    results: list[Result] = []
    malformed: list[RefusedResult] = []
    for index, text in enumerate(told):
        try:
            results.append(_result(text))
        except (msgspec.DecodeError, RecursionError) as problem:
            malformed.append(_refused(index, text, problem))
            if len(malformed) == NAMED_REFUSALS:
                break
    return msgspec.structs.replace(hello, results=results), malformed


def _refused(index: int, text: msgspec.Raw, problem: Exception) -> RefusedResult:
    try:
        transaction_id = _named(text).transaction_id
    except (msgspec.DecodeError, RecursionError):
        transaction_id = None
    return RefusedResult(
        index=index, transaction_id=transaction_id, code="invalid_params", message=str(problem)[:_TEXT_LIMIT]
    )
