"""The node's clock: the wall clock in milliseconds, and on development networks an offset that all nodes share.

A development network names a file that holds a decimal number of milliseconds; whoever writes a larger number there
moves the clock of every node that reads it, of all at the same moment: the file is looked at whenever somebody asks.
"""

from __future__ import annotations

import time
from pathlib import Path

POLL_SECONDS = 0.1
"""How often whoever waits for a time must look at a clock that can jump."""


class Clock:
    """Milliseconds since the Unix epoch. `offset_file` is None but on development networks."""

    def __init__(self, offset_file: Path | None) -> None:
        self._offset_file = offset_file
        self._offset_ms = 0
        self._modified_ns = 0

    @property
    def can_jump(self) -> bool:
        """Whether this clock has an offset file."""
        return self._offset_file is not None

    def now_ms(self) -> int:
        """The time now."""
        self._read_offset()
        return time.time_ns() // 1_000_000 + self._offset_ms

    def _read_offset(self) -> None:
        """Read the offset file if it has changed; one that is missing or being written leaves the offset as it is."""
        if self._offset_file is None:
            return
        try:
            modified_ns = self._offset_file.stat().st_mtime_ns
            if modified_ns == self._modified_ns:
                return
            offset_ms = int(self._offset_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        self._modified_ns, self._offset_ms = modified_ns, offset_ms
