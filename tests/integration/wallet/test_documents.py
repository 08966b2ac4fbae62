"""The commands of docs/wallets.md and of the JavaScript wallet's README, run as a reader would run them."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.consoles import Shell, mask, read_steps

ROOT = Path(__file__).parents[3]


def run_commands(document: Path, directory: Path, *, at_least: int) -> None:
    """Run the commands of a document in a directory, and compare what they print."""
    steps = list(read_steps(document))
    assert len(steps) >= at_least, "the commands have gone"
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {"HOME": str(directory), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "200"}
    shell = Shell(directory=directory, environment=environment)
    for step in steps:
        printed = shell.run(step.command).replace(f"{directory}/", "")
        assert masked(printed) == masked(step.output), f"$ {step.command}"


def masked(text: str) -> list[str]:
    """The lines without what differs from run to run, a process among it."""
    return ["pid N" if line.startswith("pid ") else line for line in mask(text)]


def test_the_commands_of_the_document_print_what_it_says(tmp_path: Path) -> None:
    try:
        run_commands(ROOT / "docs" / "wallets.md", tmp_path, at_least=8)
    finally:
        # Where a command failed, the agent still runs.
        stop = [sys.executable, "-m", "daonode", "keys", "agent", "stop", "--home", str(tmp_path / "wallet")]
        subprocess.run(stop, capture_output=True, timeout=30, check=True)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_commands_of_the_javascript_wallet_print_what_its_readme_says(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    try:
        run_commands(ROOT / "examples" / "wallet-js" / "README.md", tmp_path, at_least=6)
    finally:
        # Where a command failed, the node still runs.
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "node.pid").read_text()), signal.SIGKILL)
