"""The commands and the WebSocket exchanges of docs/json-rpc.md, run as a wallet's maker would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from trio_websocket import open_websocket_url

from tests.e2e.consoles import Shell, mask, read_steps

DOCUMENT = Path(__file__).parents[2] / "docs" / "json-rpc.md"
URL = "ws://127.0.0.1:27657/ws"
BEFORE_THE_EXCHANGES = "dao_subscribe"
"""The command that follows the exchanges; by then the transaction that they show is committed."""
_EXCHANGE = re.compile(r"^```websocket\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r'("[a-z_]+": ?)\d+')


def masked(text: str) -> list[str]:
    """As in other documents, and without the numbers in JSON and the digits of positions and gas."""
    return [re.sub(r'"\d+:\d+"|"\d{4,}"', '"N"', _NUMBER.sub(r"\1N", line)) for line in mask(text)]


def exchanges() -> Iterator[tuple[str, str]]:
    """What is sent and what is received, of every exchange."""
    for lines in _EXCHANGE.findall(DOCUMENT.read_text()):
        sent = "\n".join(line[2:] for line in lines.splitlines() if line.startswith("> "))
        received = "\n".join(line[2:] for line in lines.splitlines() if line.startswith("< "))
        yield sent, received


def converse(sent: str, count: int) -> str:
    """Send messages and take so many."""

    async def run() -> list[str]:
        async with open_websocket_url(URL) as connection:
            for message in sent.splitlines():
                await connection.send_message(message)
            with trio.fail_after(20):
                return [await connection.get_message() for _ in range(count)]

    return "\n".join(json.dumps(json.loads(each)) for each in trio.run(run))


# Without the test plug-in's loop, which a second loop may not stand in.
@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_commands_and_exchanges_print_what_the_document_says(tmp_path: Path) -> None:
    steps = list(read_steps(DOCUMENT))
    assert len(steps) >= 25, "the commands have gone"
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1"}
    shell = Shell(directory=tmp_path, environment=environment)
    try:
        for step in steps:
            if BEFORE_THE_EXCHANGES in step.command:
                for sent, received in exchanges():
                    assert masked(converse(sent, len(received.splitlines()))) == masked(received), sent
            assert masked(shell.run(step.command)) == masked(step.output), f"$ {step.command}"
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "node.pid").read_text()), signal.SIGKILL)
