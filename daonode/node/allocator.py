"""How the C library keeps memory that was given back to it, where that is glibc. Knows nothing of the node.

A node allocates from several threads: LevelDB's, those that check transactions and those that write. glibc gives each
of them an arena of its own, and lets ever larger blocks stay in one. What was freed then lies scattered over arenas
that nobody else may use: a third of what a busy validator had allocated.
"""

from __future__ import annotations

import ctypes
from typing import Final

ARENAS: Final = 1
"""Threads share one: most of what they allocate is Python's, and small, and never comes here."""
MAPPED_BYTES: Final = 128 * 1024
"""Blocks from this size on go back to the system when they are freed: what glibc begins with and then would raise."""
_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
"""Of mallopt(3)."""


def give_back_freed_memory() -> None:
    """Give the system the pages of freed memory between others that are in use; milliseconds, on any thread."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def bound_freed_memory() -> None:
    """Have freed memory used again, or given back. Call it before there is a second thread."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, ARENAS)
        set_option(_M_MMAP_THRESHOLD, MAPPED_BYTES)
