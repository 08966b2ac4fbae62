"""A gateway as its own process, over the rows of `population` in a real store."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from daonode.stores.sqlite import open_writer
from tests.unit.gateway.graphql.population import found

READY_S = 30.0
STOP_S = 5.0
NO_NODE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class GatewayProcess:
    """A running gateway: its URL, the address of its metrics, and its process."""

    url: str
    metrics: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    def stop(self) -> float:
        """End it politely; returns after how many seconds it had ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_S * 2)
        return time.monotonic() - began


def make_home(path: Path) -> Path:
    """A home with a founded store."""
    (path / "config").mkdir(parents=True)
    (path / "data").mkdir()
    writer = open_writer(path / "data" / "index.sqlite")
    found(writer)
    writer.close()
    return path


@contextmanager
def gateway(home: Path, *options: str, name: str = "gateway", rpc: str = NO_NODE) -> Iterator[GatewayProcess]:
    """A gateway of a home on free ports; killed at the end if it still runs."""
    log = home / f"{name}.log"
    listen = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json")
    command = [sys.executable, "-m", "daonode", "gateway", "--home", str(home), "--rpc", rpc, *listen, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        url, metrics = _wait_until_ready(process, log)
        yield GatewayProcess(url, metrics, process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        url = re.search(r'"url": "(http://[^"/]+)/"', text)
        metrics = re.search(r'"metrics": "([^"]*)"', text)
        if url is not None and metrics is not None:
            return url[1], metrics[1]
        Event().wait(0.05)
    raise AssertionError(f"the gateway did not become ready:\n{log.read_text()}")
