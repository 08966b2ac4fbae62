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


@dataclass
class Process:
    """A command that runs beside the network; its log is in the network's directory."""

    directory: Path
    arguments: tuple[str, ...]
    _running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; when it answers is another matter."""
        with (self.directory / f"{self.arguments[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "daonode", *self.arguments]
            self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def end(self) -> None:
        """End it as an operator would."""
        assert self._running is not None
        self._running.terminate()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the {self.arguments[0]} did not end") from None


@dataclass(frozen=True)
class Site:
    """A network and the address of its page."""

    network: Network
    url: str
    _gateway: Process

    def restart_gateway(self) -> None:
        """Kill the gateway, and start it again under the same address."""
        self._gateway.kill()
        self._gateway.start()
        wait_until_ready(self.url, self.network.directory)

    def words_of(self, name: str) -> str:
        """The words of one who lives on the network."""
        accounts: list[dict[str, str]] = json.loads((self.network.directory / "accounts.json").read_text())
        return next(each["mnemonic"] for each in accounts if each["name"] == name)

    def propose(self, directory: Path, *, title: str, proposer: str, body: str = "Shall we?") -> int:
        """Submit a proposal that members decide, and return its number."""
        shell, file = self.network.shell, directory / f"{proposer}.toml"
        shell.json("proposal", "new", "text", "--title", title, "--body", body, "-f", file)
        proposal = shell.json("proposal", "submit", file, "--from", proposer)["proposal_id"]
        number = int(str(shell.json("proposal", "show", str(proposal))["number"]))
        self._wait_for(f"api/proposals/{number}")
        return number

    def _wait_for(self, path: str) -> None:
        """Wait until the index has what the chain has."""
        deadline_s = time.monotonic() + READY_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}{path}", timeout=5):
                    return
            except urllib.error.HTTPError as error:
                error.close()
            assert time.monotonic() < deadline_s, f"{path} is not there"
            pause()


@contextmanager
def running_site(directory: Path) -> Iterator[Site]:
    """Start everything, wait until it answers, and end it."""
    with ExitStack() as stack:
        start(directory)
        stack.callback(lambda: stop(int(directory.with_suffix(".pid").read_text())))
        network = Network(directory)
        home = ("--home", str(directory / "node0"), "--rpc", network.nodes[0]["rpc"])
        address = f"127.0.0.1:{_free_port()}"
        indexer = Process(directory, ("indexer", "run", *home))
        gateway = Process(directory, ("gateway", "run", *home, "--listen", address, "--metrics-listen", ""))
        for process in (indexer, gateway):
            process.start()
            stack.callback(process.end)
        site = Site(network, f"http://{address}/", gateway)
        wait_until_ready(site.url, directory)
        yield site


def wait_until_ready(url: str, directory: Path) -> None:
    """Wait for a gateway that has what to show."""
    deadline_s = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}readyz", timeout=5) as answer:
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
