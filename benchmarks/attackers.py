"""A process that attacks the validators of a directory until it is told to end: `KIND DIRECTORY`.

It speaks to them as strangers would, from addresses of their own (127.0.1.1 and on), and prints in the end how often it
did. What it is held to is the business of whoever started it.

- `garbage`: 50 peers. Half of them send junk before and in the handshake, half prove a new identity, open the lanes and
  send junk on all three; who is thrown out comes again at once.
- `transactions`: valid ones in batches, from the files `attack-NODE.json`, so many a second as the third argument says.
- `rpc`: 50 clients that ask for what is dear, and for nonsense, without a pause.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from daonode.genesis.document import load_document
from daonode.node.config import load_config
from daonode.node.home import Home, read_seed
from daonode.node.transport.allowance import Allowance
from daonode.node.transport.counters import LaneCounters, TransportCounters
from daonode.node.transport.errors import PeerError
from daonode.node.transport.handshake import Handshaker
from daonode.node.transport.identity import PeerId, peer_id_from_seed
from daonode.node.transport.inbound import Inbox
from daonode.node.transport.outbound import OutboundQueue
from daonode.node.transport.session import Session, SessionPorts
from daonode.node.transport.types import LANE_LIMITS, Lane, Timings

PEERS: Final = 50
HOST: Final = "127.0.0.1"
OPENINGS: Final = (b"", b"\x13/multistream/1.0.0\n", b"\x13/multistream/1.0.0\n\x07/noise\n\x00\x20")
JUNK_BYTES: Final = 1_000
ANSWER_SECONDS: Final = 0.2
QUEUED_FRAMES: Final = 32
AGAIN_SECONDS: Final = 0.01
"""Before who was thrown out comes again: one process plays all, and each gets its turn."""
FILL_SECONDS: Final = 0.001
"""Between looks at queues that are kept full."""
THROWN_OUT: Final = (OSError, PeerError, ValueError, trio.BrokenResourceError, trio.ClosedResourceError)
"""How it ends for an attacker, each time: what the validators are there for, so it is no failure."""
BATCH: Final = 100
RPC_CALLS: Final = (
    b'{"jsonrpc":"2.0","id":1,"method":"dao_getBlocks","params":{"above":0,"limit":20}}',
    b'{"jsonrpc":"2.0","id":1,"method":"dao_listProposals","params":{}}',
    b'{"jsonrpc":"2.0","id":1,"method":"dao_status","params":{}}',
    b"[" * 5_000,
    b"\xff" * 2_000,
)

said: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Target:
    """A validator, as its home says."""

    name: str
    peer_id: PeerId
    p2p_port: int
    rpc_port: int


def read_targets(directory: Path) -> tuple[list[Target], str]:
    """The validators of a directory, and the reference of their chain."""
    targets: list[Target] = []
    reference = ""
    for path in sorted(directory.glob("*/config/node.toml")):
        home, config = Home(path.parents[1]), load_config(path, environment={})
        reference = load_document(home.genesis.read_bytes()).chain.chain_id.partition(":")[2]
        targets.append(
            Target(
                name=config.node.name,
                peer_id=peer_id_from_seed(read_seed(home.node_key)),
                p2p_port=int(config.p2p.listen.rpartition("/")[2]),
                rpc_port=int(config.rpc.listen.rpartition(":")[2]),
            )
        )
    return targets, reference


async def connect(port: int, number: int) -> trio.SocketStream:
    """Connect from the address of an attacker."""
    return await trio.open_tcp_stream(HOST, port, local_address=f"127.0.1.{number + 1}")


async def connect_as_many(port: int) -> trio.SocketStream:
    """Connect from the own machine, as a proxy does: nobody's budget holds back what many addresses send together."""
    return await trio.open_tcp_stream(HOST, port)


async def send_junk_at_the_gate(target: Target, number: int) -> None:
    """Connect, send what is no handshake or the beginning of one, and connect again."""
    randomness = random.Random(number)
    while True:
        with suppress(*THROWN_OUT):
            async with await connect(target.p2p_port, number) as stream:
                await stream.send_all(randomness.choice(OPENINGS) + randomness.randbytes(JUNK_BYTES))
                with trio.move_on_after(ANSWER_SECONDS):
                    while await stream.receive_some(1_000):
                        pass
                said["junk_openings"] += 1
        await trio.sleep(AGAIN_SECONDS)


async def send_junk_on_lanes(target: Target, number: int, *, reference: str) -> None:
    """Prove a new identity, open the lanes, and fill all of them with junk until the connection ends."""
    randomness = random.Random(number)
    while True:
        with suppress(*THROWN_OUT):
            stream = await connect(target.p2p_port, number)
            handshaker = Handshaker(host_seed=randomness.randbytes(32))
            connection = await handshaker.connect(stream, expected_peer=target.peer_id)
            said["identities"] += 1
            queues = {lane: OutboundQueue(LANE_LIMITS[lane], LaneCounters()) for lane in Lane}
            ports = SessionPorts(Inbox(), queues, Allowance(), TransportCounters(()))
            session = Session(connection, ports, chain_reference=reference, timings=Timings())
            async with trio.open_nursery() as nursery:
                nursery.start_soon(fill, queues, randomness)
                await session.run(_accept)
                nursery.cancel_scope.cancel()
        await trio.sleep(AGAIN_SECONDS)


async def fill(queues: dict[Lane, OutboundQueue], randomness: random.Random) -> None:
    """Keep queues full of junk."""
    while True:
        for queue in queues.values():
            if len(queue) < QUEUED_FRAMES:
                queue.put(randomness.randbytes(randomness.randrange(1, JUNK_BYTES)))
                said["junk_frames"] += 1
        await trio.sleep(FILL_SECONDS)


async def _accept(_: Session) -> bool:
    await trio.lowlevel.checkpoint()
    return True


async def send_transactions(target: Target, bodies: list[str], *, rate: float) -> None:
    """Send batches of valid transactions, so many a second, and do not care for the answers."""
    began = trio.current_time()
    with suppress(*THROWN_OUT):
        stream = await connect_as_many(target.rpc_port)
        for index, body in enumerate(bodies):
            await trio.sleep(max(0.0, began + index * BATCH / rate - trio.current_time()))
            await stream.send_all(request(body.encode()))
            await read_answer(stream)
            said["transactions"] += BATCH
        said["exhausted"] += 1


async def ask(target: Target, number: int) -> None:
    """Call without a pause."""
    randomness = random.Random(number)
    while True:
        with suppress(*THROWN_OUT):
            async with await connect(target.rpc_port, number) as stream:
                while True:
                    await stream.send_all(request(randomness.choice(RPC_CALLS)))
                    await read_answer(stream)
                    said["calls"] += 1
        await trio.sleep(AGAIN_SECONDS)


def request(body: bytes) -> bytes:
    """An HTTP request."""
    head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def read_answer(stream: trio.SocketStream) -> None:
    """Read one answer to its end.

    Raises:
        ValueError: there is none.
    """
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = await stream.receive_some(65_536)
        if not chunk:
            raise ValueError("closed")
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    fields = head.lower().split(b"content-length:")
    if len(fields) < 2:
        raise ValueError("without a length")
    left = int(fields[1].split(b"\r\n")[0]) - len(body)
    while left > 0:
        chunk = await stream.receive_some(65_536)
        if not chunk:
            raise ValueError("closed")
        left -= len(chunk)


async def attack(kind: str, directory: Path, rate: float) -> None:
    """Attack until SIGTERM."""
    targets, reference = read_targets(directory)
    tasks: list[Callable[[], Awaitable[None]]]
    if kind == "transactions":
        tasks = [_sender_to(target, directory, rate=rate / len(targets)) for target in targets]
    else:
        tasks = [_task_of(kind, targets[at // 2 % len(targets)], at, reference) for at in range(PEERS)]
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        print("ready", flush=True)
        async with trio.open_nursery() as nursery:
            for task in tasks:
                nursery.start_soon(task)
            async for _ in signals:
                nursery.cancel_scope.cancel()
                break
    print(json.dumps(said), flush=True)
    os._exit(0)


def _sender_to(target: Target, directory: Path, *, rate: float) -> Callable[[], Awaitable[None]]:
    bodies = json.loads((directory / f"attack-{target.name}.json").read_text())
    return lambda: send_transactions(target, bodies, rate=rate)


def _task_of(kind: str, target: Target, number: int, reference: str) -> Callable[[], Awaitable[None]]:
    if kind == "rpc":
        return lambda: ask(target, number)
    if number % 2:
        return lambda: send_junk_at_the_gate(target, number)
    return lambda: send_junk_on_lanes(target, number, reference=reference)


if __name__ == "__main__":
    trio.run(attack, sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
