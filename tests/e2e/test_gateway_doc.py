"""The commands of docs/gateway.md, run as an operator and an API's user would run them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from tests.e2e.consoles import Shell, mask, read_steps

DOCUMENT = Path(__file__).parents[2] / "docs" / "gateway.md"
STOP_SECONDS = 10.0
_HEIGHTS = re.compile(r'("(?:node_)?height": ?)\d+')
_NONCE = re.compile(r"^Nonce: [0-9a-f]+$")


def masked(text: str) -> list[str]:
    """As in other documents, and without heights in JSON and nonces."""
    return [_NONCE.sub("Nonce: N", _HEIGHTS.sub(r"\1N", line)) for line in mask(text)]


def end(pid: int) -> None:
    """End a network as `kill` does, and wait until it is gone."""
    os.kill(pid, signal.SIGTERM)
    deadline_s = time.monotonic() + STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline_s:
        Event().wait(0.05)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.timeout(180)
def test_the_commands_print_what_the_document_says(tmp_path: Path) -> None:
    steps = list(read_steps(DOCUMENT))
    assert len(steps) >= 25, "the commands have gone"
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    shell = Shell(directory=tmp_path, environment=environment)
    try:
        for step in steps:
            assert masked(shell.run(step.command)) == masked(step.output), f"$ {step.command}"
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            end(int((tmp_path / "net.pid").read_text()))
