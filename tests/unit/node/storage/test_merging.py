"""LevelDB's thread steps back for all others of its process. It is set for good, so there is a process for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daonode.node.storage.merging import NICENESS

PROGRAM = """
import os, sys
from pathlib import Path
from daonode.node.storage import open_stores
from daonode.node.storage.merging import let_merging_step_back
from daonode.primitives.ids import ChainId

if sys.argv[2] == "steps back":
    let_merging_step_back()
with open_stores(Path(sys.argv[1]), chain_id=ChainId("merging")).state as state:
    for _ in range(160):
        state.write([(os.urandom(16), bytes(1_000)) for _ in range(200)], sync=False)
for task in Path("/proc/self/task").iterdir():
    fields = (task / "stat").read_text().rpartition(") ")[2].split()
    kind = "main" if task.name == str(os.getpid()) else "other"
    print(kind, "nice", fields[16], "ticks", int(fields[11]) + int(fields[12]))
"""


def threads(directory: Path, *, case: str) -> list[list[str]]:
    """The threads of a process that has written 32 MB: whose they are, how nice, and what CPU they have used."""
    command = [sys.executable, "-c", PROGRAM, str(directory), case]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [line.split() for line in run.stdout.splitlines()]


@pytest.mark.parametrize(("case", "niceness"), [("steps back", NICENESS), ("as it is", 0)])
def test_leveldbs_thread_steps_back_and_no_other(tmp_path: Path, case: str, niceness: int) -> None:
    found = threads(tmp_path, case=case)
    assert [int(nice) for whose, _, nice, *_ in found if whose == "main"] == [0]
    (merging,) = [each for each in found if each[0] == "other"]
    assert int(merging[2]) == niceness
    assert int(merging[4]) > 0, "it is the thread that merges"
