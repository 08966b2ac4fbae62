"""An indexer as a process of its own, killed and started again; and a node that lies, between it and an honest one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from daonode.stores.access import Head
from daonode.stores.errors import StoreError
from daonode.stores.sqlite import open_reader
from tests.faults.network import STOP_SECONDS, wait_until

REACH_SECONDS = 60.0


class IndexerProcess:
    """`daonode indexer run` on a home and a store."""

    def __init__(self, home: Path, store: Path, urls: Sequence[str], *options: str) -> None:
        self.store = store
        self._log = store.with_suffix(".log")
        self._command = [
            *(sys.executable, "-m", "daonode", "indexer", "run", "--home", str(home), "--store", f"sqlite:{store}"),
            *("--metrics-listen", "127.0.0.1:0", "--log-format", "json", "--rpc", ",".join(urls), *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> list[dict[str, Any]]:
        """What it has logged."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    @property
    def text(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text()

    def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """End it as an operator does, in the time that is promised; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(STOP_SECONDS)

    def wait(self) -> int:
        """The exit code of a process that ends by itself."""
        assert self._process is not None
        return self._process.wait(REACH_SECONDS)

    def head(self) -> Head | None:
        """How far the store is."""
        try:
            reader = open_reader(self.store, tables=())
        except StoreError:
            return None
        try:
            return reader.head()
        finally:
            reader.close()

    def height(self) -> int:
        """The height of the store, -1 where there is none."""
        head = self.head()
        return -1 if head is None else head.height

    def wait_until_at(self, height: int) -> None:
        """Wait until the store is complete up to a height."""

        def is_there() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self.text[-2_000:]
            return self.height() >= height

        wait_until(is_there, within_seconds=REACH_SECONDS, what=f"the store is at height {height}")


@contextmanager
def running(indexer: IndexerProcess) -> Iterator[IndexerProcess]:
    """Run it; it is gone afterwards."""
    indexer.start()
    try:
        yield indexer
    finally:
        indexer.kill()


@contextmanager
def serving(url: str, bend: Callable[[dict[str, Any]], None]) -> Iterator[str]:
    """A node that answers what the node at `url` answers, changed in place by `bend`; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = json.load(answer)
            if "result" in content:
                bend(content["result"])
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
