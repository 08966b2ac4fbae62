"""One network of chaos at a time, whatever else runs: what is measured is the chain's, not the neighbour's."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def alone() -> Iterator[None]:
    """Wait until no other process of these tests runs a network."""
    with (Path(tempfile.gettempdir()) / "daonode-chaos.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
