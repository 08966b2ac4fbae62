"""What operators ask of the chain during a storm: a member leaves and comes back, a consensus key is changed.

One thing after the other, each said to whichever node answers until it is committed, and then waited for until a
validator set shows it. So the set changes as often as was asked, whatever the storm does meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread

from daonode.cli.network.people import MEMBERS
from daonode.client.answers import Answer
from daonode.client.errors import Rejected, RpcError, Unreachable
from daonode.client.keystore import Keystore
from daonode.client.submission import ExecutionFailed
from daonode.modules.validators.messages import Candidate, Leave, RotateConsensusKey
from daonode.node.home import read_seed, write_seed
from daonode.primitives.addresses import encode_validator
from daonode.primitives.codec import Record
from daonode.primitives.hashing import sha256
from daonode.primitives.signatures import public_key_of
from tests.faults.load import Client
from tests.faults.network import CATCH_UP_SECONDS, POLL_SECONDS, STOP_SECONDS, Network, NodeProcess, wait_until

LANE = 7
"""Clients that send transfers from the same accounts use the first one."""
Members = Mapping[str, str]
"""The consensus key of each member of a validator set, by its id."""


def members_of(network: Network) -> Members:
    """The newest validator set that a node knows; empty where none answers."""
    newest, members = -1, dict[str, str]()
    for node in network.nodes:
        try:
            answer = Answer(node.rpc.validators(), place="dao_getValidators")
        except (Unreachable, RpcError):
            continue
        if answer.number("epoch") > newest:
            newest = answer.number("epoch")
            members = {each.text("id"): each.text("public_key") for each in answer.items("validators")}
    return members


@dataclass(frozen=True, slots=True)
class Change:
    """What the operator of a node asks for, and whether a validator set shows it."""

    operator: str
    type: str
    message: Record
    is_shown_by: Callable[[Members], bool]
    is_in_force: Event = field(default_factory=Event)

    def __str__(self) -> str:
        return f"{self.type} of {self.operator}"


class Operators:
    """Made by `operators_of`; its methods ask for something and do not wait for it, but for `wait`."""

    def __init__(self, network: Network, urls: Sequence[str]) -> None:
        keystore = Keystore(network.keys)
        self._network = network
        self._abandoned = Event()
        self._queue: SimpleQueue[Change | None] = SimpleQueue()
        self._asked: list[Change] = []
        self._failures: list[str] = []
        # As `testnet init` has it, the first account is paid for the first validator.
        self._clients = {
            node.node.name: Client(tuple(urls), keystore.unlock(name), lane=LANE, abandoned=self._abandoned)
            for node, name in zip(network.nodes, MEMBERS, strict=False)
        }

    def leave(self, name: str) -> None:
        """Have a validator leave the set."""
        node = self._network.named(name)
        own = encode_validator(node.validator)
        self._ask(node, "validators.Leave", Leave(validator=node.validator), lambda members: own not in members)

    def join(self, name: str) -> None:
        """Have a validator join the set."""
        node = self._network.named(name)
        own, node_key = encode_validator(node.validator), public_key_of(read_seed(node.node.home.node_key))
        candidate = Candidate(validator=node.validator, node_key=node_key, address="")
        self._ask(node, "validators.Candidate", candidate, lambda members: own in members)

    def change_key(self, name: str) -> None:
        """Have a validator sign with another key, which its node finds at its next start."""
        node = self._network.named(name)
        seed = sha256(f"the next key of {name}".encode())
        write_seed(node.node.home.next_validator_key, seed)
        key = public_key_of(seed)
        rotation = RotateConsensusKey(validator=node.validator, public_key=key)
        self._ask(node, "validators.RotateConsensusKey", rotation, lambda members: f"0x{key.hex()}" in members.values())

    def wait(self) -> None:
        """Wait until everything that was asked for is in force."""
        for change in self._asked:
            wait_until(
                lambda change=change: change.is_in_force.is_set() or bool(self._failures),
                within_seconds=CATCH_UP_SECONDS,
                what=f"{change} is in force",
            )
            assert not self._failures, self._failures

    def run(self) -> None:
        """Send what was asked for, until told to stop."""
        while (change := self._queue.get()) is not None:
            try:
                self._clients[change.operator].send(change.type, change.message)
            except (Rejected, ExecutionFailed) as error:
                self._failures.append(f"{change}: {error}")
                return
            while not self._abandoned.is_set() and not self._is_shown(change):
                self._abandoned.wait(POLL_SECONDS)
            if self._abandoned.is_set():
                return
            change.is_in_force.set()

    def stop(self) -> None:
        """End, whether or not everything is in force."""
        self._abandoned.set()
        self._queue.put(None)

    def _ask(self, node: NodeProcess, type_: str, message: Record, is_shown_by: Callable[[Members], bool]) -> None:
        change = Change(node.node.name, type_, message, is_shown_by)
        self._asked.append(change)
        self._queue.put(change)

    def _is_shown(self, change: Change) -> bool:
        members = members_of(self._network)
        return bool(members) and change.is_shown_by(members)


@contextmanager
def operators_of(network: Network, urls: Sequence[str]) -> Iterator[Operators]:
    """Operators who speak to the nodes at `urls` for as long as the block lasts."""
    operators = Operators(network, urls)
    thread = Thread(target=operators.run, name="operators")
    thread.start()
    try:
        yield operators
    finally:
        operators.stop()
        thread.join(2 * STOP_SECONDS)
    assert not thread.is_alive(), "the operators end"
