"""Reading JSON as people write it, strictly: a key stands once in its object, nesting and size are bounded."""

from __future__ import annotations

import json
from typing import Final

from daonode.genesis.errors import GenesisError

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
MAX_JSON_DEPTH: Final = 64


class _Object(dict[str, object]):
    """A JSON object that knows which key it had twice."""

    duplicate: str | None = None


def parse_document(data: bytes) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        GenesisError: it is no JSON object, too large or too deep, or has a key twice; the path says where.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise GenesisError(path="$", reason=f"expected at most {MAX_DOCUMENT_BYTES} bytes, got {len(data)}")
    try:
        parsed: object = json.loads(data.decode(), object_pairs_hook=_to_object)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise GenesisError(path="$", reason=f"not JSON: {error.msg} at {place}") from error
    except (ValueError, RecursionError) as error:
        raise GenesisError(path="$", reason=f"not JSON: {error}") from error
    _check(parsed, path="$", depth=0)
    if not isinstance(parsed, dict):
        raise GenesisError(path="$", reason="expected an object")
    return parsed


def _to_object(pairs: list[tuple[str, object]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result:
            result.duplicate = key
        result[key] = value
    return result


def _check(value: object, *, path: str, depth: int) -> None:
    if depth > MAX_JSON_DEPTH:
        raise GenesisError(path=path, reason=f"nested deeper than {MAX_JSON_DEPTH}")
    if isinstance(value, _Object):
        if value.duplicate is not None:
            raise GenesisError(path=f"{path}.{value.duplicate}", reason="this key stands twice in its object")
        for key, item in value.items():
            _check(item, path=f"{path}.{key}", depth=depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, path=f"{path}[{index}]", depth=depth + 1)
