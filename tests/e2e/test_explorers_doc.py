"""The commands of docs/explorers.md and the projection in it, as an explorer's maker would run them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.consoles import Shell, mask, read_steps

DOCUMENT = Path(__file__).parents[2] / "docs" / "explorers.md"
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.timeout(180)
def test_the_commands_print_what_the_document_says(tmp_path: Path) -> None:
    steps = list(read_steps(DOCUMENT))
    assert len(steps) >= 15, "the commands have gone"
    (projection,) = _PYTHON.findall(DOCUMENT.read_text())
    (tmp_path / "transfers.py").write_text(projection)
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    shell = Shell(directory=tmp_path, environment=environment)
    try:
        for step in steps:
            assert mask(shell.run(step.command)) == mask(step.output), f"$ {step.command}"
    finally:
        for name in ("indexer.pid", "node.pid"):
            with suppress(FileNotFoundError, ProcessLookupError):
                os.kill(int((tmp_path / name).read_text()), signal.SIGKILL)
