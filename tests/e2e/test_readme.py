"""The tour of the README, run as a reader would run it: on a fresh development network, from an empty home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.consoles import Shell, mask, read_steps

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90
SEEDED = "the chain is seeded"


@pytest.fixture
def dev_home(tmp_path: Path) -> Iterator[Path]:
    """A home directory in which `daonode dev` runs and has seeded its chain."""
    home = tmp_path / "home"
    home.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "daonode", "dev"],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        printed: list[str] = []
        for line in process.stdout:
            printed.append(line)
            if SEEDED in line:
                break
        else:
            raise AssertionError("daonode dev ended early:\n" + "".join(printed))
        yield home
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 0


def environment(home: Path) -> dict[str, str]:
    """What a reader's shell has, and nothing of this one's."""
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@pytest.mark.timeout(240)
def test_the_tour_of_the_readme_prints_what_it_says(dev_home: Path, tmp_path: Path) -> None:
    steps = list(read_steps(ROOT / "README.md"))
    assert len(steps) >= 10, "the tour has gone"
    directory = tmp_path / "checkout"
    directory.mkdir()
    (directory / ".venv").symlink_to(Path(sys.prefix))
    shell = Shell(directory=directory, environment=environment(dev_home))
    for step in steps:
        assert mask(shell.run(step.command)) == mask(step.output), f"$ {step.command}"
