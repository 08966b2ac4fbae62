"""`daonode dev` as a person runs it: the banner, the seeded chain, its commands to paste, and a second start."""

import json
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.integration.cli.network import READY_SECONDS, STOP_SECONDS, pause, stop
from tests.unit.cli.running import Shell

SEEDED = "the chain is seeded"


def test_the_first_start_seeds_a_chain_and_the_second_goes_on_with_it(tmp_path: Path) -> None:
    home, first, second = tmp_path / "dev", tmp_path / "first.log", tmp_path / "second.log"
    with _development(home, log=first) as banner:
        _wait_until(lambda: "seeding failed" in _read(first) or SEEDED in _read(first))
        assert SEEDED in _read(first)
        shell = Shell(home=home / "node0")
        proposals = shell.json("proposal", "list")["items"]
        assert [each["status"] for each in proposals] == ["confirming", "rejected", "executed"]
        assert len(shell.json("member", "list")["items"]) == 12
        assert {each["asset"] for each in shell.json("treasury", "balance") if int(each["amount"])} == {
            "dao",
            "eur",
            "usd",
        }
        assert int(shell.json("query", "governance", "delegation", "alice", "1")["received"]) > 0
        assert _indexed(banner, lambda: _page(banner, "api/proposals")["items"])[0]["number"] == 3
        _kill_and_see_again(shell, banner, home)
        assert {person["name"] for person in banner["accounts"]} == {"alice", "bob", "carol", "dave", "registrar"}
        for command in banner["commands"]:
            result = shell.run(*shlex.split(command)[1:])
            assert result.code == 0, result.said
        # Among them was `dev warp`: a clock that all nodes share is right wherever it has been moved to.
        checkup = shell.here("doctor")
        assert checkup.code == 0, checkup.said
        assert (
            shell.json("proposal", "watch", "3", "--until", "timelocked", "--timeout", "20")["status"] == "timelocked"
        )

    with _development(home, log=second) as again:
        assert again["accounts"] == banner["accounts"]
        assert _indexed(again, lambda: _page(again, "api/members")["items"])
        assert shell.json("proposal", "show", "3")["status"] in ("timelocked", "executed")
        assert SEEDED not in _read(second)


def test_a_seeding_that_was_interrupted_goes_on_at_the_next_start(tmp_path: Path) -> None:
    home, logs = tmp_path / "dev", [tmp_path / f"{number}.log" for number in range(3)]
    shell = Shell(home=home / "node0")
    with _development(home, log=logs[0]):
        _wait_until(lambda: shell.json("status")["height"] > 0)
    with _development(home, log=logs[1]):
        _wait_until(lambda: "going on to seed the chain" in _read(logs[1]))
        _wait_until(lambda: len(shell.json("proposal", "list")["items"]) > 1)
    with _development(home, log=logs[2]):
        _wait_until(lambda: "seeding failed" in _read(logs[2]) or SEEDED in _read(logs[2]))
        assert SEEDED in _read(logs[2])
        proposals = shell.json("proposal", "list")["items"]
        assert [each["status"] for each in proposals] == ["confirming", "rejected", "executed"]
        assert len(shell.json("member", "list")["items"]) == 12
        assert SEEDED not in _read(logs[0]) + _read(logs[1]), "both were interrupted"


def _kill_and_see_again(shell: Shell, banner: Any, home: Path) -> None:
    """Kill the indexer and the gateway: both are started again, and nothing is lost."""
    before = _indexed(banner, lambda: _page(banner, "api/votes?limit=100")["items"])
    processes = json.loads((home / "network.json").read_text())
    for name in ("gateway", "indexer"):
        shell.json("dev", "fault", "crash", name)
        _wait_until(lambda name=name: json.loads((home / "network.json").read_text())[name] != processes[name])
    assert _indexed(banner, lambda: _page(banner, "api/votes?limit=100")["items"]) == before


def _indexed(banner: Any, ask: Callable[[], Any]) -> Any:
    """What the page's gateway answers, once it does and has caught up with its node."""
    found: list[Any] = []

    def try_it() -> bool:
        with suppress(OSError):
            status = _page(banner, "api/status")
            if status["node_height"] == status["height"]:
                found.append(ask())
        return bool(found)

    _wait_until(try_it)
    return found[0]


def _page(banner: Any, path: str) -> Any:
    with urllib.request.urlopen(banner["page"] + path, timeout=5) as answer:
        return json.load(answer)


@contextmanager
def _development(home: Path, *, log: Path) -> Iterator[Any]:
    """A running development network; what is given is its banner."""
    out = log.with_suffix(".out")
    with out.open("wb") as output, log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "daonode", "dev", "--home", str(home), "--base-port", "0", "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
    try:
        _wait_until(lambda: out.read_text().endswith("}\n") or process.poll() is not None)
        yield json.loads(out.read_text())
    finally:
        assert stop(process.pid) < STOP_SECONDS
        process.wait()


def _read(log: Path) -> str:
    return log.read_text()


def _wait_until(is_so: Any) -> None:
    deadline_s = time.monotonic() + READY_SECONDS
    while not is_so():
        assert time.monotonic() < deadline_s
        pause()
