"""What happened in a run, in order: a hash of all of it, and its last lines for people."""

from __future__ import annotations

import hashlib
from collections import deque

KEPT_LINES = 400


class Trace:
    """Takes lines of text; the same run gives the same lines, whatever the hash seed of the interpreter."""

    def __init__(self, *, keep_all: bool = False) -> None:
        self._digest = hashlib.sha256()
        self._lines: deque[str] = deque(maxlen=None if keep_all else KEPT_LINES)

    def add(self, time_ms: int, node: int | None, text: str) -> None:
        """Note what happened, on a node or to the whole run."""
        line = f"{time_ms:>10} {'--' if node is None else f'n{node}'} {text}"
        self._digest.update(line.encode() + b"\n")
        self._lines.append(line)

    def hash(self) -> str:
        """The hash of everything so far, in hexadecimal."""
        return self._digest.hexdigest()

    def lines(self) -> tuple[str, ...]:
        """The last lines, or all where all are kept."""
        return tuple(self._lines)
