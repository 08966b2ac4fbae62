"""A test network of real processes: started by `daonode testnet start`, shared by the workers of one test run.

Whoever comes first starts it, whoever leaves last ends it; a file lock guards the count.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from daonode.cli.network.development import CLOCK_FILE
from tests.unit.cli.running import Shell

READY_SECONDS = 60.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Network:
    """Four validators, their directory, and a shell in the home of the first."""

    directory: Path

    @property
    def shell(self) -> Shell:
        return Shell(home=self.directory / "node0")

    def shell_of(self, index: int) -> Shell:
        return Shell(home=self.directory / f"node{index}")

    def warp(self, duration: str) -> None:
        """Move the shared clock while no other test waits for a transaction, which would expire by it."""
        with locked(self.directory.with_suffix(".clock")):
            result = self.shell.run("dev", "warp", duration, "--home", self.directory)
            assert result.code == 0, result.said

    @property
    def nodes(self) -> Any:
        return json.loads((self.directory / "network.json").read_text())["nodes"]


@contextmanager
def shared_network(directory: Path) -> Iterator[Network]:
    """The network in a directory, running for as long as anybody uses it."""
    users = directory.with_suffix(".users")
    with locked(directory.with_suffix(".lock")):
        count = _read_count(users)
        if not count:
            start(directory)
        users.write_text(str(count + 1))
    try:
        yield Network(directory)
    finally:
        with locked(directory.with_suffix(".lock")):
            count = _read_count(users) - 1
            users.write_text(str(count))
            if not count:
                stop(int(directory.with_suffix(".pid").read_text()))


def start(directory: Path, *, validators: int = 4) -> None:
    """Make the network unless it is there, and run it until all nodes answer."""
    if not directory.exists():
        command = ("testnet", "init", "--validators", str(validators), "-o", str(directory), "--voting-period", "1h")
        clock = ("--timelock", "10m", "--clock-file", str(directory / CLOCK_FILE))
        subprocess.run([sys.executable, "-m", "daonode", *command, *clock], check=True, capture_output=True)
        (directory / CLOCK_FILE).write_text("0")
    with directory.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daonode", "testnet", "start", str(directory), "--restart"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    directory.with_suffix(".pid").write_text(str(process.pid))
    deadline_s = time.monotonic() + READY_SECONDS
    while not (directory / "network.json").exists():
        assert process.poll() is None, directory.with_suffix(".log").read_text()
        assert time.monotonic() < deadline_s, directory.with_suffix(".log").read_text()
        pause()
    # It is not this process's to wait for: another worker may end it.
    process.returncode = 0


def stop(pid: int) -> float:
    """End a supervisor as Ctrl-C does, and return how many seconds it took."""
    began_s = time.monotonic()
    os.kill(pid, signal.SIGINT)
    while is_running(pid):
        if time.monotonic() - began_s > 2 * STOP_SECONDS:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("the network did not end")
        pause()
    return time.monotonic() - began_s


def is_running(pid: int) -> bool:
    """Whether a process lives; one that ended and was not waited for counts as ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def pause() -> None:
    """Let some time pass between two looks at another process, which sends no event."""
    Event().wait(POLL_SECONDS)


@contextmanager
def locked(path: Path, *, is_shared: bool = False) -> Iterator[None]:
    """Hold a lock file, alone or with others that share it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        yield


def _read_count(users: Path) -> int:
    return int(users.read_text()) if users.exists() else 0
