"""Reading the JSON of a request so that it means one thing: every key once, no NaN, whole Unicode, bounded nesting."""

from __future__ import annotations

import json
from typing import Final, Never

from daonode.node.rpc.errors import ParseFailed, TooMuch

MAX_DEPTH: Final = 32
"""How many arrays and objects may stand inside one another, batch and call included."""


MAX_VALUES: Final = 20_000
"""How many values one body may hold: a batch of a hundred calls needs a thousand."""

_Path = tuple["_Path", str | int] | None
"""A place as its parent and a step: cheap to make for every value, written out for an error only."""


class _Object(dict[str, object]):
    """A JSON object that knows which key it had twice."""

    duplicate: str | None = None


class _NotANumber(ValueError):
    """`NaN` or an infinity, which JSON does not have."""


def parse(body: bytes) -> object:
    """Read one JSON value.

    Raises:
        ParseFailed: it is none, or not a strict one; the reason tells which.
        TooMuch: it is nested too deep.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ParseFailed(
            f"the body is not UTF-8: byte {error.start} cannot stand there", reason="invalid_utf8", hint="send UTF-8"
        ) from None
    try:
        value: object = json.loads(text, object_pairs_hook=_to_object, parse_constant=_refuse_constant)
    except _NotANumber as error:
        raise ParseFailed(f"{error} is no JSON number", reason="not_a_number", hint="amounts are strings") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise ParseFailed(f"not JSON: {error.msg} at {place}", reason="invalid_json") from None
    except RecursionError:
        raise _too_deep(None) from None
    except ValueError:
        # A number of more digits than Python converts.
        raise ParseFailed("a number has too many digits", reason="invalid_number", hint="amounts are strings") from None
    _Checker().check(value, path=None, depth=0)
    return value


def _to_object(pairs: list[tuple[str, object]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result and result.duplicate is None:
            result.duplicate = key
        result[key] = value
    return result


def _refuse_constant(name: str) -> Never:
    raise _NotANumber(name)


class _Checker:
    """Walks through one body's values."""

    def __init__(self) -> None:
        self._values = 0

    def check(self, value: object, *, path: _Path, depth: int) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise TooMuch(
                f"a body holds at most {MAX_VALUES} values", reason="too_many_values", hint="send less at a time"
            )
        if depth > MAX_DEPTH:
            raise _too_deep(path)
        if isinstance(value, str):
            _check_text(value, path)
        elif isinstance(value, _Object):
            if value.duplicate is not None:
                raise ParseFailed(
                    f"{_written(path)}: the key {value.duplicate[:64]!r} stands twice in its object",
                    reason="duplicate_key",
                    hint="give each key once",
                )
            for key, item in value.items():
                _check_text(key, path)
                self.check(item, path=(path, key), depth=depth + 1)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.check(item, path=(path, index), depth=depth + 1)


def _check_text(text: str, path: _Path) -> None:
    """Refuse half of a surrogate pair: no UTF-8 can hold it, so it could not be said back."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseFailed(
            f"{_written(path)}: a \\u escape is half of a pair", reason="invalid_unicode", hint="send whole pairs"
        )


def _too_deep(path: _Path) -> TooMuch:
    return TooMuch(
        f"{_written(path)}: nested deeper than {MAX_DEPTH}",
        reason="too_deep",
        hint=f"nest at most {MAX_DEPTH} deep",
    )


def _written(path: _Path) -> str:
    """A path for people."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{ascii(step[:64])[1:-1]}")
    return ("$" + "".join(reversed(steps)))[:128]
