"""The page of a real network: four validators, an indexer that follows them, and a gateway over its index."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.cli.network import Network, pause, start, stop

READY_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Site:
    """A network and the address of its page."""

    network: Network
    url: str

    def words_of(self, name: str) -> str:
        """The words of one who lives on the network."""
        accounts: list[dict[str, str]] = json.loads((self.network.directory / "accounts.json").read_text())
        return next(each["mnemonic"] for each in accounts if each["name"] == name)

    def propose(self, directory: Path, *, title: str, proposer: str, body: str = "Shall we?") -> int:
        """Submit a proposal that members decide, and return its number."""
        shell, file = self.network.shell, directory / f"{proposer}.toml"
        shell.json("proposal", "new", "text", "--title", title, "--body", body, "-f", file)
        proposal = shell.json("proposal", "submit", file, "--from", proposer)["proposal_id"]
        return int(str(shell.json("proposal", "show", str(proposal))["number"]))


@contextmanager
def running_site(directory: Path) -> Iterator[Site]:
    """Start everything, wait until it answers, and end it."""
    with ExitStack() as stack:
        start(directory)
        stack.callback(lambda: stop(int(directory.with_suffix(".pid").read_text())))
        network = Network(directory)
        home = directory / "node0"
        rpc = network.nodes[0]["rpc"]
        stack.enter_context(_process(directory, "indexer", "run", "--home", str(home), "--rpc", rpc))
        address = f"127.0.0.1:{_free_port()}"
        listen = ("--listen", address, "--metrics-listen", "")
        stack.enter_context(_process(directory, "gateway", "run", "--home", str(home), "--rpc", rpc, *listen))
        site = Site(network, f"http://{address}/")
        _wait_until_ready(f"{site.url}readyz", directory)
        yield site


@contextmanager
def _process(directory: Path, name: str, *arguments: str) -> Iterator[None]:
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daonode", name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the {name} did not end") from None


def _wait_until_ready(url: str, directory: Path) -> None:
    deadline_s = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        logs: Any = [(directory / f"{name}.log").read_text()[-2_000:] for name in ("indexer", "gateway")]
        assert time.monotonic() < deadline_s, logs
        pause()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
