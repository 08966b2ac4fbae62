"""A Byzantine leader of a round on an old parent is first with a block that nothing justifies."""

from __future__ import annotations

from daonode.consensus.core import Core
from daonode.consensus.effects import Effect, Execute, Sign
from daonode.consensus.errors import SafetyViolation
from daonode.consensus.events import BlockExecuted, SignRefused, SyncReceived
from daonode.consensus.messages import SyncInfo, SyncMessage
from daonode.consensus.requests import CommitRequest, VoteRequest
from daonode.consensus.safety import decide
from daonode.consensus.tree import MAX_UNCERTIFIED_A_ROUND, BlockTree
from daonode.consensus.types import Block
from tests.unit.consensus.chains import EMPTY_PAYLOAD_DIGEST, Maker
from tests.unit.consensus.test_core import FIRST, IDS, LEADER, NOW_MS, SAFETY, proposal, start

maker = Maker()


def run(core: Core, block: Block) -> list[Effect]:
    """Propose a block; what is executed is found right, and the votes that the signer refuses are refused."""
    waiting, seen = list(core.step(proposal(block))), []
    while waiting:
        effect = waiting.pop(0)
        seen.append(effect)
        if isinstance(effect, Execute):
            waiting += core.step(BlockExecuted(NOW_MS, effect.block.header.id(), None))
        elif isinstance(effect, Sign) and not isinstance(effect.request, CommitRequest):
            try:
                decide(SAFETY, effect.request)
            except SafetyViolation as error:
                waiting += core.step(SignRefused(NOW_MS, effect.request, str(error)))
    return seen


def votes(effects: list[Effect]) -> list[bytes]:
    return [
        effect.request.header.id()
        for effect in effects
        if isinstance(effect, Sign) and isinstance(effect.request, VoteRequest)
    ]


def test_a_block_that_the_signer_refuses_leaves_the_vote_of_its_round_to_another() -> None:
    core = start()
    run(core, FIRST)
    qc = maker.qc(FIRST)
    # The leaders of round 2 on the new block and on the genesis block are the same here; after failures they differ.
    leader = next(
        index
        for index in range(4)
        if votes(run(_at_round_two(), maker.block(round_=2, parent=FIRST, proposer=index, time_ms=NOW_MS + 1)))
    )
    unjustified = maker.block(round_=2, proposer=leader, time_ms=NOW_MS + 1, failed=(LEADER,))
    honest = maker.block(round_=2, parent=FIRST, qc=qc, proposer=leader, time_ms=NOW_MS + 1)
    core = _at_round_two()
    assert votes(run(core, unjustified)) == [unjustified.header.id()]
    assert votes(run(core, honest)) == [honest.header.id()]


def _at_round_two() -> Core:
    """A core that has the first block and its certificate, and has not committed it."""
    core = start()
    run(core, FIRST)
    message = SyncMessage(sync=SyncInfo(high_qc=maker.qc(FIRST), tc=None, commit=None))
    core.step(SyncReceived(NOW_MS, IDS[1], message))
    return core


def test_blocks_of_one_proposer_take_no_room_from_another_of_the_round() -> None:
    tree = BlockTree(root=maker.genesis, history=(), links_kept=4, empty_digest=EMPTY_PAYLOAD_DIGEST)
    for number in range(MAX_UNCERTIFIED_A_ROUND + 1):
        crowd = maker.block(round_=5, proposer=1, payload=bytes([number]))
        taken = tree.insert(crowd, proposal=None, certified=False, now_ms=0)
        assert (taken is not None) == (number < MAX_UNCERTIFIED_A_ROUND)
    honest = maker.block(round_=5, proposer=2)
    assert tree.insert(honest, proposal=None, certified=False, now_ms=0) is not None
