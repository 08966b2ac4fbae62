"""Memory that threads have freed is used again, or given back. It is set for good, so each case has a process."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, sys
from threading import Barrier, Thread
from daonode.node.allocator import bound_freed_memory

THREADS = 4
if sys.argv[1] == "bound":
    bound_freed_memory()
together = Barrier(THREADS)

def allocate():
    together.wait()
    kept = [bytes(2_000) for _ in range(1_000)]
    together.wait()

threads = [Thread(target=allocate) for _ in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def arenas(*, case: str) -> int:
    """How many arenas a process has whose four threads have allocated at the same time."""
    run = subprocess.run([sys.executable, "-c", PROGRAM, case], capture_output=True, text=True, timeout=60, check=True)
    return run.stdout.count("<heap nr=")


def test_threads_share_one_arena() -> None:
    assert arenas(case="bound") == 1


def test_without_it_they_have_several() -> None:
    assert arenas(case="as it is") > 1


SCATTERED = """
from pathlib import Path
from daonode.node.allocator import give_back_freed_memory

def resident_kib():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])

blocks = [bytes(4_000) for _ in range(20_000)]
kept = blocks[::20]
del blocks
before = resident_kib()
give_back_freed_memory()
print(before - resident_kib())
"""


def test_freed_memory_between_what_is_in_use_is_given_back() -> None:
    run = subprocess.run([sys.executable, "-c", SCATTERED], capture_output=True, text=True, timeout=60, check=True)
    assert int(run.stdout) > 20_000 * 4_000 // 1_024 // 2
