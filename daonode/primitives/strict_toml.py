"""Reading TOML from outside: bounded, and what is wrong is told with the line that it stands on."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from daonode.primitives.errors import PrimitiveError

MAX_SHOWN: Final = 64
"""Characters of a line that an error repeats."""
_PLACE = re.compile(r" \(at line ([0-9]+), column [0-9]+\)\Z")
_TWICE: Final = ("Cannot overwrite a value", "Cannot declare")
"""How the parser begins what it says of a key or a table that is there already."""


class StrictTomlError(PrimitiveError):
    """Bytes are no TOML, or too many."""


def parse_toml(data: bytes, *, max_bytes: int) -> dict[str, object]:
    """Read a document; a key that stands twice is an error, as in all of TOML.

    Raises:
        StrictTomlError: it is none; the text names the line.
    """
    if len(data) > max_bytes:
        raise StrictTomlError(f"expected at most {max_bytes} bytes")
    try:
        # With a last line end, so that the parser tells the line of what is wrong at the very end.
        text = data.decode() + "\n"
    except UnicodeDecodeError as error:
        raise StrictTomlError(f"not TOML: {error}") from error
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise StrictTomlError("not TOML: it is nested too deep") from error
    except tomllib.TOMLDecodeError as error:
        raise StrictTomlError(f"not TOML: {_told(str(error), text)}") from error
    except ValueError as error:
        # A number of more digits than Python converts.
        raise StrictTomlError(f"not TOML: {error}") from error


def _told(problem: str, text: str) -> str:
    """What the parser says, with the line; a key or table that is there already is named."""
    place = _PLACE.search(problem)
    if place is None:
        return problem
    number = int(place[1])
    line = text.split("\n")[number - 1].strip()
    if not problem.startswith(_TWICE):
        return f"line {number}: {problem[: place.start()]}: {line[:MAX_SHOWN]!r}"
    key, is_assignment, _ = line.partition("=")
    name = key.strip() if is_assignment else line.strip("[] ")
    return f"line {number}: {name[:MAX_SHOWN]!r} is there twice; leave one out"
