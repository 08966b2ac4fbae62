"""The commands of docs/running-a-node.md, run as an operator would run them."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.consoles import Shell, mask, read_steps

DOCUMENT = Path(__file__).parents[3] / "docs" / "running-a-node.md"


# Far above what it takes: a machine that is busy with other things is no failure.
@pytest.mark.timeout(400)
def test_the_commands_print_what_the_document_says(tmp_path: Path) -> None:
    steps = list(read_steps(DOCUMENT))
    assert len(steps) >= 7, "the commands have gone"
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    shell = Shell(directory=tmp_path, environment=environment)
    try:
        for step in steps:
            assert mask(shell.run(step.command)) == mask(step.output), f"$ {step.command}"
    finally:
        # A command that failed leaves the node running.
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "node.pid").read_text()), signal.SIGKILL)
