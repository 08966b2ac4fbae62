"""The load of a run: a client that sends the next transaction of some lane to some node, and tries again if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from daonode.ledger.errors import TransactionError
from daonode.modules.validators.messages import Candidate, Leave, RotateConsensusKey
from daonode.primitives.codec import Record
from daonode.testing.node import Node
from daonode.testing.world import VALIDATORS_ACCOUNT, World

LANES_AN_ACCOUNT = 2


@dataclass(slots=True)
class _Lane:
    account: int
    lane: int
    sequence: int = 0


class Clients:
    """Everyone who sends transactions."""

    def __init__(self, world: World, *, changes_validators: bool = False) -> None:
        self._world = world
        self._changes_validators = changes_validators
        accounts = range(len(world.account_seeds))
        self._lanes = [_Lane(account, lane) for account in accounts for lane in range(LANES_AN_ACCOUNT)]

    def send(self, random: Random, node: Node, nodes: Sequence[Node]) -> None:
        """Hand the next transaction of some lane to a node that is up.

        Raises:
            Crash: that node's time has come.
        """
        lane = random.choice(self._lanes)
        self._follow(lane, nodes)
        if self._changes_validators and lane.account == VALIDATORS_ACCOUNT:
            raw = self._change_of_validators(random, lane, now_ms=node.clock_ms)
        else:
            raw = self._world.transfer(
                account=lane.account, lane=lane.lane, sequence=lane.sequence, now_ms=node.clock_ms
            )
        try:
            node.submit(raw)
        except TransactionError as error:
            node.around.note(node.index, f"refuses a transaction: {error}")

    def _change_of_validators(self, random: Random, lane: _Lane, *, now_ms: int) -> bytes:
        """Some validator leaves, comes back or changes its key; whether it can is the ledger's to say."""
        place = random.randrange(len(self._world.validators))
        validator = self._world.validators[place]
        message: Record = random.choice(
            (
                Leave(validator=validator),
                Candidate(validator=validator, node_key=None, address=""),
                Candidate(validator=validator, node_key=None, address=""),
                RotateConsensusKey(validator=validator, public_key=self._world.spare_secrets[place].public_key),
            )
        )
        return self._world.transaction(
            f"validators.{type(message).__name__}",
            message,
            account=lane.account,
            lane=lane.lane,
            sequence=lane.sequence,
            now_ms=now_ms,
        )

    def _follow(self, lane: _Lane, nodes: Sequence[Node]) -> None:
        """A client goes on to the next sequence once some node has committed this one, else it tries again."""
        sender = self._world.account_address(lane.account)
        application = self._world.chain.application
        for node in nodes:
            state = node.archive.state_at_tip()
            lane.sequence = max(lane.sequence, application.next_sequence(state, sender=sender, lane=lane.lane))
