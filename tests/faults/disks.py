"""The disk of one node: a file system of its own with little room, which can be filled up. Needs the right to mount."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.network import NodeProcess

DISK_BYTES = 64 * 1024 * 1024
FILLER = "filler"
CHUNK_BYTES = 64 * 1024


@contextmanager
def small_disk(node: NodeProcess) -> Iterator[Path]:
    """Move the data of a node that runs to a small file system, and back afterwards; the node is killed then."""
    data = node.node.home.data_directory
    node.stop()
    aside = data.with_name("aside")
    data.rename(aside)
    data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(data)], capture_output=True, check=False
    )
    try:
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        shutil.copytree(aside, data, dirs_exist_ok=True)
        node.start()
        node.wait_until_ready()
        yield data
    finally:
        node.kill()
        if not mounted.returncode:
            make_room(data)
            shutil.rmtree(aside)
            shutil.copytree(data, aside)
            subprocess.run(["umount", str(data)], check=True)
        data.rmdir()
        aside.rename(data)


def fill(disk: Path) -> None:
    """Leave no room."""
    with (disk / FILLER).open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(CHUNK_BYTES)):
            pass


def make_room(disk: Path) -> None:
    """Take away what has filled the disk."""
    (disk / FILLER).unlink(missing_ok=True)
