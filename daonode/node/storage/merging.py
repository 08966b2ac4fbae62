"""LevelDB merges tables on one thread for all databases of a process. Here that thread is made to step back.

Validators write the same, so they merge at the same time: on a busy machine each merge held up the chain for as long as
it took. At a lower priority it takes what the others leave. It needs no lock of Python's for that, so nobody waits for
it while it waits; writes wait for it only once it is twelve tables behind.
"""

from __future__ import annotations

import os
import sys
from tempfile import TemporaryDirectory
from threading import Thread, get_native_id
from typing import Final

import plyvel

NICENESS: Final = 5
"""A third of the CPU that each other thread has where they want all of it, everything where nobody does."""


def let_merging_step_back() -> None:
    """Lower the priority of LevelDB's thread, where threads have their own: on Linux. Call it before any is opened."""
    if sys.platform == "linux":
        starter = Thread(target=_start_merging)
        starter.start()
        starter.join()


def _start_merging() -> None:
    """Have LevelDB start its thread from this one: a thread begins with the priority of whoever starts it."""
    os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
    with TemporaryDirectory() as folder:
        database = plyvel.DB(folder, create_if_missing=True)
        try:
            database.put(b"key", b"value")
            database.compact_range()
        finally:
            database.close()
