"""Passwords on a terminal, with a real chain: asked for once a command, and not while an agent holds the key."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.network import Network
from tests.unit.cli.running import Shell

PASSWORD = "correct horse"
PROMPT = b"password of"
COMMAND_SECONDS = 60


@pytest.fixture
def shell(network: Network, tmp_path: Path) -> Iterator[Shell]:
    """A home of the network's chain, without a node, in which Carol's key is encrypted."""
    accounts = json.loads((network.directory / "accounts.json").read_text())
    words = next(each["mnemonic"] for each in accounts if each["name"] == "carol")
    shell = Shell(home=tmp_path / "home")
    (shell.home / "config").mkdir(parents=True)
    shutil.copy(network.directory / "genesis.json", shell.home / "config" / "genesis.json")
    shell.json("keys", "import", "carol", stdin=f"{words}\n{PASSWORD}\n")
    yield shell
    shell.here("keys", "agent", "stop")


def delegation(shell: Shell, network: Network) -> list[str]:
    """A command that signs and sends, in a lane that no other test of the network uses."""
    limits = ("--gas-limit", "50000", "--lane", "7")
    command = [sys.executable, "-m", "daonode", "vote", "delegate", "carol", "--track", "root", "--from", "carol"]
    return [*command, "--home", str(shell.home), "--rpc", network.nodes[1]["rpc"], "-o", "json", *limits]


def on_a_terminal(command: list[str], typed: str) -> tuple[int, bytes]:
    """Run a command on a terminal of its own, type a line once it asks, and return its code and all that it showed."""
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(command, stdin=other_end, stdout=other_end, stderr=other_end, start_new_session=True)
    os.close(other_end)
    shown = b""
    is_typed = False
    # Reading fails when the command has ended.
    while part := _read(terminal):
        shown += part
        if PROMPT in shown and not is_typed:
            os.write(terminal, typed.encode() + b"\n")
            is_typed = True
    os.close(terminal)
    return process.wait(timeout=COMMAND_SECONDS), shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def test_a_command_that_sends_asks_for_the_password_once(shell: Shell, network: Network) -> None:
    command = [*delegation(shell, network), "--no-wait"]
    # Nobody delegates to himself, so nothing changes on the chain, whatever else the test run does with Carol.
    code, shown = on_a_terminal(command, PASSWORD)
    assert code == 0, shown
    assert shown.count(PROMPT) == 1
    assert PASSWORD.encode() not in shown


def test_while_an_agent_holds_the_key_a_command_sends_without_a_password(shell: Shell, network: Network) -> None:
    start = [sys.executable, "-m", "daonode", "keys", "agent", "start", "--home", str(shell.home)]
    subprocess.run(start, input=PASSWORD + "\n", text=True, capture_output=True, timeout=COMMAND_SECONDS, check=True)
    command = [*delegation(shell, network), "--no-wait"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tx_id"].startswith("0x")
