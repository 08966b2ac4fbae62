"""Lists over HTTP: a gateway on one core over a store of 100,000 votes, asked 200 times a second, then without pause.

Requests come when they are due, whether or not the one before is answered, and their time runs from then: waiting
counts. They go over a few connections that are kept, as those of a proxy before a gateway do.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from benchmarks.report import Report
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, BlockId, ChainId, Hash
from daonode.stores.access import Change, Changes, Head
from daonode.stores.rows import BlockRow, MemberRow, ProposalRow, VoteRow
from daonode.stores.sqlite import open_writer
from daonode.stores.tables import BLOCKS, MEMBERS, PROPOSALS, VOTES

PROPOSALS_THERE: Final = 20
START_MS: Final = 1_780_000_000_000
CURVE: Final = '{"kind":"constant","start":5000,"end":5000}'
CONNECTIONS: Final = 8
READY_S: Final = 60.0
LIMITS: Final = "[limits]\nanonymous_rate = 1000000\nanonymous_burst = 1000000\n[log]\nlevel = 'warning'\n"


@dataclass(frozen=True, slots=True)
class GatewayForm:
    """How much is measured."""

    votes: int
    rate: int
    seconds: int


def measure_gateway(report: Report, form: GatewayForm) -> None:
    """Measure lists."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        (home / "config").mkdir()
        (home / "data").mkdir()
        (home / "config" / "gateway.toml").write_text(LIMITS)
        fill(home / "data" / "index.sqlite", votes=form.votes)
        with _gateway(home) as (address, process_id):
            trio.run(_measure, report, form, address, process_id)


async def _measure(report: Report, form: GatewayForm, address: str, process_id: int) -> None:
    await _ask(address, count=form.rate, rate=form.rate)
    cpu_s = _cpu_s(process_id)
    steady = await _ask(address, count=form.rate * form.seconds, rate=form.rate)
    report.add("gateway_list_p50_ms", _percentile(steady, 50), "ms")
    report.add("gateway_list_p99_ms", _percentile(steady, 99), "ms")
    report.add("gateway_list_worst_ms", max(steady), "ms")
    report.add("gateway_list_cpu_ms", (_cpu_s(process_id) - cpu_s) * 1_000 / len(steady), "ms/request")
    began = time.perf_counter()
    count = form.rate * form.seconds
    await _ask(address, count=count, rate=0)
    report.add("gateway_list_most_per_second", count / (time.perf_counter() - began), "requests/s")


def fill(path: Path, *, votes: int) -> None:
    """A store with so many votes of different members on a few proposals."""
    voters = votes // PROPOSALS_THERE
    writer = open_writer(path)
    for index in range(PROPOSALS_THERE):
        height = index + 1
        rows = [
            Change(BLOCKS, (height,), _block(height)),
            Change(PROPOSALS, (_id(index),), _proposal(index, voters)),
            *(
                Change(VOTES, (_id(index), _account(voter)), _vote(index, voter, height=height))
                for voter in range(voters)
            ),
        ]
        if index == 0:
            rows += [Change(MEMBERS, (_account(voter),), _member(voter)) for voter in range(voters)]
        head = Head(ChainId("daonode:bench"), Hash(bytes(32)), height, BlockId(_id(height)), START_MS + height)
        writer.apply(Changes(head, rows))
    writer.close()


@contextmanager
def _gateway(home: Path) -> Iterator[tuple[str, int]]:
    log = home / "log"
    command = [sys.executable, "-m", "daonode", "gateway", "--home", str(home), "--log-format", "json"]
    listen = ["--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-level", "info", "--rpc", "http://127.0.0.1:9"]
    cores = sorted(os.sched_getaffinity(0))
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *listen], stdout=output, stderr=output)
    os.sched_setaffinity(process.pid, cores[-1:])
    try:
        deadline = time.monotonic() + READY_S
        while (found := re.search(r'"url": "http://([^"/]+)/"', log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the gateway did not start:\n{log.read_text()}")
            trio.run(trio.sleep, 0.05)
        yield found[1], process.pid
    finally:
        process.terminate()
        process.wait()


async def _ask(address: str, *, count: int, rate: int) -> list[float]:
    """Ask for lists, so many a second or as fast as they are answered; the milliseconds of each."""
    taken: list[float] = []
    targets = itertools.islice(_targets(), count)
    began = trio.current_time()
    due = (began + index / rate if rate else began for index in itertools.count())
    host, port = address.split(":")

    async def run() -> None:
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            for target, due_at in zip(targets, due, strict=False):
                await trio.sleep_until(due_at)
                asked = due_at if rate else trio.current_time()
                await _exchange(stream, target)
                taken.append((trio.current_time() - asked) * 1_000)

    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(run)
    return taken


def _targets() -> Iterator[str]:
    """Lists as an explorer asks for them, hardly ever the same twice."""
    for index in itertools.count():
        proposal, voter = index % PROPOSALS_THERE + 1, encode_account(Address(_account(index % 4_000)))
        yield from (
            f"/api/votes?proposal={proposal}&limit={10 + index % 30}",
            f"/api/votes?voter={voter}",
            f"/api/votes?since={proposal}:{index % 4_000}",
            f"/api/proposals?limit={1 + index % 20}",
            f"/api/members?limit={10 + index % 50}",
        )


async def _exchange(stream: trio.SocketStream, target: str) -> None:
    await stream.send_all(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += await stream.receive_some(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{target}: {received[:500]!r}")
    length = re.search(rb"content-length: (\d+)", head)
    missing = int(length[1] if length else 0) - len(body)
    while missing > 0:
        missing -= len(await stream.receive_some(65_536))


def _cpu_s(process_id: int) -> float:
    """The CPU time of a process so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _id(index: int) -> bytes:
    return index.to_bytes(32, "big")


def _account(index: int) -> bytes:
    return b"\x01" + index.to_bytes(31, "big")


def _block(height: int) -> BlockRow:
    return BlockRow(height, _id(height), START_MS + height, 1, 0, bytes(32), bytes(32), 0, 0, 0)


def _member(index: int) -> MemberRow:
    return MemberRow(
        account=_account(index),
        member_index=index,
        name=f"member {index}",
        role="",
        about="",
        active=True,
        registrar=None,
        registered_at_ms=START_MS,
        votes_cast=PROPOSALS_THERE,
        proposals_made=0,
    )


def _vote(proposal: int, voter: int, *, height: int) -> VoteRow:
    choice = ("yes", "no", "abstain")[voter % 3]
    return VoteRow(
        proposal=_id(proposal),
        voter=_account(voter),
        proposal_number=proposal + 1,
        choice=choice,
        weight=1_000_000 + voter,
        reason="",
        height=height,
        position=voter,
        time_ms=START_MS + height,
        tx_id=_account(voter),
    )


def _proposal(index: int, voters: int) -> ProposalRow:
    return ProposalRow(
        id=_id(index),
        number=index + 1,
        status="deciding",
        title=f"Proposal {index + 1}",
        body="A text of usual length. " * 40,
        text_hash=bytes(32),
        proposer=_account(index),
        track=1,
        track_name="standard",
        kind="standard",
        actions="[]",
        yes=voters,
        no=voters,
        abstain=0,
        voters=voters,
        electorate_power=10 * voters,
        quorum_power=voters,
        approval=CURVE,
        support=CURVE,
        deposit=1,
        decision_deposit=1,
        snapshot_height=1,
        submitted_at_ms=START_MS,
        submitted_height=index + 1,
        tx_id=None,
        decision_starts_ms=START_MS,
        decision_ends_ms=START_MS + 1_000,
        passing_since_ms=None,
        timelock_ends_ms=None,
        grace_ends_ms=None,
        ended_at_ms=None,
        next_change_ms=None,
        failure=None,
        updated_height=index + 1,
    )
