"""Reading JSON so that it means one thing: every key once, no NaN, whole Unicode, bounded size, nesting and count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal, Never

from daonode.primitives.errors import PrimitiveError
from daonode.primitives.json_form import Json

MAX_SHOWN: Final = 64
"""Characters of a key that an error repeats."""
MAX_SHOWN_PATH: Final = 128

Reason = Literal[
    "too_large",
    "invalid_utf8",
    "invalid_json",
    "not_a_number",
    "invalid_number",
    "duplicate_key",
    "invalid_unicode",
    "too_deep",
    "too_many_values",
]

_Path = tuple["_Path", str | int] | None
"""A place as its parent and a step: cheap to make for every value, written out for an error only."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How large a text may be: its bytes, how many arrays and objects stand inside one another, and its values."""

    max_bytes: int
    max_depth: int
    max_values: int


class StrictJsonError(PrimitiveError):
    """A text is no JSON, or none that is taken. `path` says where (`$` is the whole), `hint` what would be right."""

    def __init__(self, message: str, *, reason: Reason, path: str = "$", hint: str = "") -> None:
        super().__init__(message if path == "$" else f"{path}: {message}")
        self.message = message
        self.reason: Reason = reason
        self.path = path
        self.hint = hint


class _Object(dict[str, Json]):
    """A JSON object that knows which key it had twice."""

    duplicate: str | None = None


class _NotANumber(ValueError):
    """`NaN` or an infinity, which JSON does not have."""


def parse_json(data: bytes, limits: JsonLimits) -> Json:
    """Read one JSON value.

    Raises:
        StrictJsonError: it is none, not a strict one, or beyond the limits.
    """
    if len(data) > limits.max_bytes:
        raise StrictJsonError(f"expected at most {limits.max_bytes} bytes, got {len(data)}", reason="too_large")
    try:
        value: Json = json.loads(data.decode(), object_pairs_hook=_to_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.start} cannot stand there"
        raise StrictJsonError(message, reason="invalid_utf8", hint="write UTF-8") from None
    except _NotANumber as error:
        hint = "write amounts as strings"
        raise StrictJsonError(f"{error} is no JSON number", reason="not_a_number", hint=hint) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise StrictJsonError(f"not JSON: {error.msg} at {place}", reason="invalid_json") from None
    except RecursionError:
        raise _too_deep("$", limits) from None
    except ValueError:
        # A number of more digits than Python converts.
        hint = "write amounts as strings"
        raise StrictJsonError("a number has too many digits", reason="invalid_number", hint=hint) from None
    _Checker(limits).check(value, path=None, depth=0)
    return value


def _to_object(pairs: list[tuple[str, Json]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result and result.duplicate is None:
            result.duplicate = key
        result[key] = value
    return result


def _refuse_constant(name: str) -> Never:
    raise _NotANumber(name)


class _Checker:
    """Walks through the values of one text."""

    def __init__(self, limits: JsonLimits) -> None:
        self._limits = limits
        self._values = 0

    def check(self, value: Json, *, path: _Path, depth: int) -> None:
        self._values += 1
        if self._values > self._limits.max_values:
            message = f"more than {self._limits.max_values} values"
            raise StrictJsonError(message, reason="too_many_values", hint="send less at a time")
        if depth > self._limits.max_depth:
            raise _too_deep(_written(path), self._limits)
        if isinstance(value, str):
            _check_text(value, path)
        elif isinstance(value, _Object):
            if value.duplicate is not None:
                message = f"the key {value.duplicate[:MAX_SHOWN]!r} stands twice in its object"
                raise StrictJsonError(message, reason="duplicate_key", path=_written(path), hint="give each key once")
            for key, item in value.items():
                _check_text(key, path)
                self.check(item, path=(path, key), depth=depth + 1)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.check(item, path=(path, index), depth=depth + 1)


def _check_text(text: str, path: _Path) -> None:
    """Refuse half of a surrogate pair: no UTF-8 can hold it, so it could not be said back."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        message = "a \\u escape is half of a pair"
        raise StrictJsonError(message, reason="invalid_unicode", path=_written(path), hint="write whole pairs")


def _too_deep(path: str, limits: JsonLimits) -> StrictJsonError:
    hint = f"nest at most {limits.max_depth} deep"
    return StrictJsonError(f"nested deeper than {limits.max_depth}", reason="too_deep", path=path, hint=hint)


def _written(path: _Path) -> str:
    """A path for people."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{ascii(step[:MAX_SHOWN])[1:-1]}")
    return ("$" + "".join(reversed(steps)))[:MAX_SHOWN_PATH]
