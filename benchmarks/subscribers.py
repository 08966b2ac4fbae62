"""How long it takes until everybody who follows votes is told of one: a real gateway, and a writer beside it.

The clock starts before the writer begins to write a block and stops when a client has the bytes of its value, so the
commit itself is in the figure. Writer, gateway and clients are three processes on one machine.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from threading import Event
from typing import Final

import trio
from wsproto.frame_protocol import FrameProtocol

from benchmarks.report import Report
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, BlockId, ChainId, Hash
from daonode.stores.access import Change, Changes, Head, Value
from daonode.stores.rows import BlockRow, EventRow, ProposalRow, Row
from daonode.stores.sqlite import open_writer
from daonode.stores.tables import BLOCKS, EVENTS, PROPOSALS, Table

QUERY: Final = """subscription { voteCast { position choice weight reason voter { address }
    proposal { number status tally { yes no abstain turnout quorum electorate } } } }"""
"""What a page that shows a proposal follows."""
BLOCK_SECONDS: Final = 0.5
VOTES_A_BLOCK: Final = 2
START_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.1
PROPOSAL: Final = bytes([1] * 32)
VOTER: Final = Address(bytes([2] * 32))
_WRITTEN: Final = re.compile(rb'"weight":"(\d+)"')
"""The vote's weight is the moment at which its block began to be written, in microseconds since the epoch."""
_RATES: Final = ("ANONYMOUS_RATE", "ANONYMOUS_BURST")


@dataclass(frozen=True, slots=True)
class SubscribersForm:
    """How many follow, and how many blocks they are told of."""

    subscribers: int
    blocks: int


@dataclass(slots=True)
class _Delays:
    """Milliseconds from writing to receipt, of every value at every client."""

    milliseconds: list[float] = field(default_factory=list)
    subscribed: int = 0
    changed: trio.Event = field(default_factory=trio.Event)

    def note(self) -> None:
        self.changed.set()
        self.changed = trio.Event()


def measure_subscribers(report: Report, form: SubscribersForm) -> None:
    """Take the figures."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        store = home / "index.sqlite"
        with closing(open_writer(store)) as writer:
            writer.apply(_changes(1, []))
        with _running_gateway(home, store) as (address, process):
            delays, began = trio.run(_follow, address, store, form, process)
            used = _cpu_seconds(process) - began
    told = form.subscribers * form.blocks * VOTES_A_BLOCK
    assert len(delays) == told, f"{told} values were to be told, {len(delays)} were"
    cuts = quantiles(delays, n=100)
    report.add("subscribers", form.subscribers, "clients")
    report.add("subscribers_p50_ms", cuts[49], "ms")
    report.add("subscribers_p99_ms", cuts[98], "ms")
    report.add("subscribers_max_ms", max(delays), "ms")
    report.add("subscribers_cpu_us", used * 1e6 / told, "us of the gateway a value")


async def _follow(
    address: str, store: Path, form: SubscribersForm, process: subprocess.Popen[bytes]
) -> tuple[list[float], float]:
    """The delays, and what CPU the gateway had used before the first."""
    delays = _Delays()
    told = form.subscribers * form.blocks * VOTES_A_BLOCK
    async with trio.open_nursery() as nursery:
        for _ in range(form.subscribers):
            nursery.start_soon(_subscriber, address, delays)
        with trio.fail_after(START_SECONDS):
            while delays.subscribed < form.subscribers:
                await delays.changed.wait()
        began = _cpu_seconds(process)
        writing = multiprocessing.get_context("spawn").Process(target=_write, args=(store, form.blocks))
        writing.start()
        with trio.move_on_after(PATIENCE_SECONDS + form.blocks * BLOCK_SECONDS):
            while len(delays.milliseconds) < told:
                await delays.changed.wait()
        nursery.cancel_scope.cancel()
    writing.join(PATIENCE_SECONDS)
    return delays.milliseconds, began


async def _subscriber(address: str, delays: _Delays) -> None:
    """One client, as cheap as it can be: it shares the cores with what is measured."""
    host, _, port = address.rpartition(":")
    frames = FrameProtocol(client=True, extensions=[])
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        key = base64.b64encode(os.urandom(16)).decode()
        await stream.send_all(
            f"GET /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        # The answer to the query, which comes after the subscription, says that both are there.
        for message in (
            {"type": "connection_init"},
            {"type": "subscribe", "id": "votes", "payload": {"query": QUERY}},
            {"type": "subscribe", "id": "ready", "payload": {"query": "{ status { height } }"}},
        ):
            await stream.send_all(bytes(frames.send_data(json.dumps(message))))
        received = bytearray()
        while b'"id":"ready","type":"complete"' not in received:
            received += await stream.receive_some()
        delays.subscribed += 1
        delays.note()
        received.clear()
        while True:
            received += await stream.receive_some()
            now_us = time.time_ns() // 1_000
            end = 0
            for match in _WRITTEN.finditer(received):
                delays.milliseconds.append((now_us - int(match[1])) / 1_000)
                end = match.end()
            del received[:end]
            delays.note()


def _write(store: Path, blocks: int) -> None:
    """Write blocks at a steady pace, in a process of its own."""
    with closing(open_writer(store)) as writer:
        for height in range(2, blocks + 2):
            Event().wait(BLOCK_SECONDS)
            now_us = time.time_ns() // 1_000
            writer.apply(_changes(height, [_vote(height, position, now_us) for position in range(VOTES_A_BLOCK)]))


def _changes(height: int, events: list[EventRow]) -> Changes:
    rows: list[tuple[Table[Row], Row]] = [(BLOCKS, _block(height)), (PROPOSALS, _proposal(height))]
    rows += [(EVENTS, event) for event in events]
    head = Head(ChainId("daonode:bench"), Hash(bytes(32)), height, BlockId(bytes(32)), height)
    return Changes(head, [Change(table, _key(table, row), row) for table, row in rows])


def _key(table: Table[Row], row: Row) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in table.key)


def _vote(height: int, position: int, now_us: int) -> EventRow:
    value = {
        "proposal": "0x" + PROPOSAL.hex(),
        "voter": encode_account(VOTER),
        "choice": "yes",
        "weight": str(now_us),
        "reason": "",
    }
    return EventRow(height, position, height, "governance.VoteCast", None, PROPOSAL, json.dumps(value))


def _block(height: int) -> BlockRow:
    return BlockRow(height, height.to_bytes(32, "big"), height, 1, 0, bytes(32), bytes(32), 1, 1, 1)


def _proposal(height: int) -> ProposalRow:
    return ProposalRow(
        id=PROPOSAL,
        number=1,
        status="deciding",
        title="Whom to follow",
        body="",
        text_hash=bytes(32),
        proposer=VOTER,
        track=1,
        track_name="all",
        kind="standard",
        actions="[]",
        yes=height,
        no=0,
        abstain=0,
        voters=1,
        electorate_power=1_000,
        quorum_power=100,
        approval="{}",
        support="{}",
        deposit=0,
        decision_deposit=0,
        snapshot_height=0,
        submitted_at_ms=0,
        submitted_height=0,
        tx_id=None,
        decision_starts_ms=None,
        decision_ends_ms=None,
        passing_since_ms=None,
        timelock_ends_ms=None,
        grace_ends_ms=None,
        ended_at_ms=None,
        next_change_ms=None,
        failure=None,
        updated_height=height,
    )


@contextmanager
def _running_gateway(home: Path, store: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A gateway that lets one address subscribe as often as it likes: all clients share this machine's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAONODE_")}
    environment |= {f"DAONODE_LIMITS_{name}": "1000000" for name in _RATES}
    command = [sys.executable, "-m", "daonode", "gateway", "run", "--home", str(home), "--store", str(store)]
    command += ["--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-format", "json"]
    with (home / "gateway.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        yield _address_in(home / "gateway.log", process), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def _address_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Where it says that it listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r'"url": "http://([^/]+)/"', log.read_text())
        if found is not None:
            return found[1]
        Event().wait(POLL_SECONDS)
    raise RuntimeError(f"the gateway did not start; the end of its log:\n{log.read_text()[-2_000:]}")


def _cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
