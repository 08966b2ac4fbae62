"""The signer alone keeps the promises, whoever asks.

Every validator runs twice, on two cores that know nothing of one another and share one signer; one validator of four
has a signer that refuses nothing, and proposes on old certificates too. Partitions between the eight change at random,
and there are times when only one of them, who is mute, hears commit votes. No two blocks may be final at a height, and
nobody honest may be caught. (After "Twins: BFT systems made robust", 2020.)
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.consensus.effects import Build
from daonode.consensus.errors import PeerError
from daonode.consensus.messages import CommitVoteMessage, ConsensusMessage
from daonode.consensus.requests import CommitRequest, ProposeRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import SafetyState
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.types import Block
from daonode.primitives.ids import Signature
from tests.unit.consensus.chains import CHAIN_ID, hash_signature
from tests.unit.consensus.lockstep import Machine, Network

SIZE = 4
TRAITOR = 3


class ObedientSigner:
    """Signs whatever it is asked."""

    def __init__(self, machine: Machine) -> None:
        self.safety: SafetyState = machine.disk.safety
        self._key = self.safety.public_key

    def sign(self, request: SignRequest) -> Signature:
        return hash_signature(self._key, signing_bytes(statement_of(request)))


def statement_of(request: SignRequest) -> Statement:
    match request:
        case ProposeRequest(header=header):
            return Propose(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id())
        case VoteRequest(header=header, qc=qc):
            return Vote(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id(), qc_round=qc.round)
        case TimeoutRequest(round=round_, high_qc=qc):
            return Timeout(chain_id=CHAIN_ID, epoch=0, round=round_, high_qc_round=qc.round)
        case CommitRequest(qc=qc):
            return Commit(chain_id=CHAIN_ID, epoch=0, round=qc.round, block_id=qc.block_id)


class Traitor(Machine):
    """Proposes on an older certificate than it has: after a TC always, else every other time."""

    def build(self, order: Build) -> Block:
        state = self.core._state
        node = state.tree.get(order.qc.block_id)
        if node is not None and (order.tc is not None or order.round % 4 == 1):
            grandparent = state.tree.header_of(node.header.parent_id)
            if grandparent is not None:
                qc = node.block.qc
                failed = state.leaders.failed_proposers(round_=order.round, qc_round=qc.round, extends=grandparent.id())
                order = replace(order, parent=grandparent, qc=qc, tc=state.highest_tc, failed_proposers=failed)
        return super().build(order)


class Twins(Network):
    """Two machines a validator; the traitor's sign everything."""

    def __init__(self) -> None:
        self.dropped = 0
        super().__init__(copies=2)

    def prepare(self) -> None:
        for place, machine in enumerate(self.machines):
            if self.member_of(place) == TRAITOR:
                self.machines[place] = Traitor(self, place, machine.disk)
                self.machines[place].signer = ObedientSigner(machine)
            else:
                machine.signer = self.machines[self.member_of(place)].signer

    def _deliver(self, sender: int, receiver: int, message: ConsensusMessage) -> None:
        try:
            super()._deliver(sender, receiver, message)
        except PeerError:
            self.dropped += 1


def play(seed: int, *, phases: int) -> Twins:
    """A run whose partitions, losses and delays come from the seed."""
    random = Random(seed)
    network = Twins()
    sides: dict[int, int] = {}
    only_hearer: int | None = None

    def partitioned(sender: int, receiver: int, message: ConsensusMessage) -> int | None:
        # One machine sees what is final, and cannot tell anyone; the others have to agree with it all the same.
        unheard = isinstance(message, CommitVoteMessage) and receiver != only_hearer
        if only_hearer is not None and (unheard or sender == only_hearer):
            return None
        if sides.get(sender) != sides.get(receiver) or random.randrange(100) < 10:
            return None
        return random.choice([5, 10, 10, 20, 400, 1_500])

    network.filter = partitioned
    for _ in range(phases):
        kind = random.randrange(4)
        for place in range(2 * SIZE):
            # Whole, torn into two, or the first copies against the second ones.
            sides[place] = 0 if kind == 0 else (place // SIZE if kind == 1 else random.randrange(2))
        only_hearer = random.choice([None, random.randrange(2 * SIZE)])
        network.submit(2)
        network.run(random.choice([30, 100, 700, 2_500]))
    return network


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_two_cores_a_signer_and_a_traitor_never_make_two_blocks_final(seed: int) -> None:
    network = play(seed, phases=15)
    traitor = network.maker.validators.validators[TRAITOR].id
    for place, machine in enumerate(network.machines):
        assert all(report.offender == traitor for report in machine.evidence)
        assert not machine.halted or network.member_of(place) == TRAITOR
