"""One core and its effects: what it asks for, in which order, and what it ignores."""

from __future__ import annotations

from daonode.consensus.config import ConsensusConfig
from daonode.consensus.core import Core
from daonode.consensus.effects import (
    Broadcast,
    Build,
    CancelTimer,
    Commit,
    Effect,
    Execute,
    Fetch,
    PersistBlock,
    Send,
    SetTimer,
    Sign,
)
from daonode.consensus.events import (
    BlockBuilt,
    BlockExecuted,
    BlocksFetched,
    CatchingUpChanged,
    PendingWorkChanged,
    ProposalReceived,
    Signed,
    SignRefused,
    Started,
    SyncReceived,
    TimeoutReceived,
    Timer,
    TimerFired,
)
from daonode.consensus.messages import ProposalMessage, SyncInfo, SyncMessage, TimeoutMessage, VoteMessage
from daonode.consensus.requests import CommitRequest, ProposeRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import decide, remember
from daonode.consensus.statements import Timeout
from daonode.consensus.types import Block, Finality, QuorumCertificate
from daonode.primitives.ids import Signature
from tests.unit.consensus.chains import CHAIN_ID, EMPTY_PAYLOAD_DIGEST, GENESIS_MS, Maker

NOW_MS = GENESIS_MS + 100
maker = Maker()
SAFETY = maker.initial_safety()
CONFIG = ConsensusConfig(chain_id=CHAIN_ID, empty_payload_digest=EMPTY_PAYLOAD_DIGEST, min_block_interval_ms=50)
IDS = [validator.id for validator in maker.validators.validators]
LEADER = 2
"""The leader of round 1 on the genesis block; `test_leaders.py` pins the schedule."""


def start(own: int | None = 0) -> Core:
    core = Core(
        CONFIG,
        validators=maker.validators,
        own=None if own is None else IDS[own],
        safety=SAFETY,
        root=maker.genesis,
    )
    core.step(Started(NOW_MS))
    return core


def sync(qc: QuorumCertificate | None = None) -> SyncInfo:
    return SyncInfo(high_qc=qc or maker.genesis_qc, tc=None, commit=None)


def proposal(block: Block, *, now_ms: int = NOW_MS) -> ProposalReceived:
    message = ProposalMessage(block=block, signature=maker.proposal_signature(block), sync=sync(block.qc))
    return ProposalReceived(now_ms, block.header.proposer, message)


def kinds(effects: tuple[Effect, ...]) -> list[type]:
    return [type(effect) for effect in effects]


FIRST = maker.block(round_=1, proposer=LEADER, time_ms=NOW_MS)


def test_a_voter_executes_then_persists_then_asks_then_votes() -> None:
    core = start()
    effects = core.step(proposal(FIRST))
    assert effects[0] == Execute(FIRST)
    effects = core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    request = VoteRequest(header=FIRST.header, qc=FIRST.qc, tc=None)
    assert effects == (PersistBlock(FIRST), Sign(request))
    (effect,) = core.step(Signed(NOW_MS, request, Signature(b"s" * 64)))
    assert isinstance(effect, Broadcast)
    assert isinstance(effect.message, VoteMessage)
    assert (effect.message.round, effect.message.voter) == (1, 0)


def test_a_leader_builds_persists_asks_sends_and_votes() -> None:
    core = start(own=LEADER)
    (build, timer) = core.step(PendingWorkChanged(NOW_MS, pending=True))
    assert isinstance(build, Build)
    assert (build.round, build.parent, build.time_ms, build.empty) == (1, maker.genesis, NOW_MS, False)
    assert timer == SetTimer(Timer.ROUND, 1, NOW_MS + CONFIG.timeout_base_ms)
    request = ProposeRequest(header=FIRST.header, qc=FIRST.qc, tc=None)
    assert core.step(BlockBuilt(NOW_MS, FIRST)) == (PersistBlock(FIRST), Sign(request))
    broadcast, sign = core.step(Signed(NOW_MS, request, Signature(b"s" * 64)))
    assert isinstance(broadcast, Broadcast)
    assert isinstance(broadcast.message, ProposalMessage)
    assert sign == Sign(VoteRequest(header=FIRST.header, qc=FIRST.qc, tc=None))


def test_a_refused_proposal_is_neither_sent_nor_voted_for() -> None:
    core = start(own=LEADER)
    core.step(PendingWorkChanged(NOW_MS, pending=True))
    core.step(BlockBuilt(NOW_MS, FIRST))
    request = ProposeRequest(header=FIRST.header, qc=FIRST.qc, tc=None)
    assert core.step(SignRefused(NOW_MS, request, "no")) == ()


def test_nothing_is_asked_before_the_start() -> None:
    core = Core(CONFIG, validators=maker.validators, own=IDS[0], safety=SAFETY, root=maker.genesis)
    assert core.step(proposal(FIRST)) == ()
    assert core.step(PendingWorkChanged(NOW_MS, pending=True)) == ()
    assert Execute(FIRST) in core.step(Started(NOW_MS))


def test_nothing_is_signed_while_catching_up() -> None:
    core = start()
    core.step(CatchingUpChanged(NOW_MS, active=True))
    core.step(proposal(FIRST))
    core.step(TimerFired(NOW_MS + 1_000, Timer.ROUND, 1))
    assert all(not isinstance(effect, Sign) for effect in core.step(PendingWorkChanged(NOW_MS, pending=True)))
    assert Sign(TimeoutRequest(round=1, high_qc=maker.genesis_qc, tc=None)) in core.step(
        CatchingUpChanged(NOW_MS, active=False)
    )


def test_a_full_node_follows_certificates_and_signs_nothing() -> None:
    core = start(own=None)
    assert Execute(FIRST) not in core.step(proposal(FIRST))
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    assert Execute(FIRST) in effects
    core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    commit = SyncInfo(high_qc=maker.qc(FIRST), tc=None, commit=maker.commit(FIRST))
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=commit)))
    assert effects[0] == Commit(blocks=(FIRST,), proof=maker.commit(FIRST))
    assert Sign not in kinds(effects)


def test_blocks_that_a_voter_must_not_vote_for_are_not_executed() -> None:
    far_ms = CONFIG.max_drift_ms + 1
    for block in (
        maker.block(round_=1, proposer=1, time_ms=NOW_MS),
        maker.block(round_=1, proposer=LEADER, time_ms=NOW_MS + far_ms),
        maker.block(round_=1, proposer=LEADER, time_ms=GENESIS_MS),
        maker.block(round_=1, proposer=LEADER, time_ms=NOW_MS, failed=(1,)),
        maker.block(round_=2, proposer=3, time_ms=NOW_MS),
    ):
        assert Execute not in kinds(start().step(proposal(block)))
    late = maker.block(round_=1, proposer=LEADER, time_ms=NOW_MS)
    assert Execute not in kinds(start().step(proposal(late, now_ms=NOW_MS + far_ms)))


def test_a_certified_block_is_executed_whatever_its_time() -> None:
    core = start()
    late = maker.block(round_=1, proposer=LEADER, time_ms=NOW_MS + 10**9)
    core.step(proposal(late))
    assert Execute(late) in core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(late)))))


def test_a_refused_block_gets_no_vote() -> None:
    core = start()
    core.step(proposal(FIRST))
    assert Sign not in kinds(core.step(BlockExecuted(NOW_MS, FIRST.header.id(), "other roots")))


def test_a_missing_certified_block_is_fetched_from_its_signers_once() -> None:
    core = start()
    qc = maker.qc(FIRST, signers=(0, 1, 3))
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(qc))))
    assert Fetch(FIRST.header.id(), 1, (IDS[1], IDS[3])) in effects
    assert Fetch not in kinds(core.step(SyncReceived(NOW_MS, IDS[3], SyncMessage(sync=sync(qc)))))
    assert core.step(BlocksFetched(NOW_MS, (), None)) == ()
    assert Fetch in kinds(core.step(TimerFired(NOW_MS + 2_000, Timer.ROUND, 2)))
    assert Execute(FIRST) in core.step(BlocksFetched(NOW_MS, (FIRST,), None))


def test_a_range_of_blocks_with_a_proof_commits_as_it_executes() -> None:
    chain: list[Block] = []
    for round_ in range(1, 6):
        chain.append(maker.block(round_=round_, parent=chain[-1] if chain else None))
    core = start()
    effects = core.step(BlocksFetched(NOW_MS, tuple(chain), Finality(maker.commit(chain[-1]))))
    committed: list[Block] = []
    while any(isinstance(effect, Execute) for effect in effects):
        (block,) = [effect.block for effect in effects if isinstance(effect, Execute)]
        effects = core.step(BlockExecuted(NOW_MS, block.header.id(), None))
        committed += [block for effect in effects if isinstance(effect, Commit) for block in effect.blocks]
    assert committed == chain
    assert core.committed_height == 5


def test_more_than_f_timeouts_are_joined() -> None:
    core = start()
    statement = Timeout(chain_id=CHAIN_ID, epoch=0, round=1, high_qc_round=0)
    for voter, joined in ((1, False), (2, True)):
        message = TimeoutMessage(
            epoch=0,
            round=1,
            high_qc=maker.genesis_qc,
            voter=voter,
            signature=maker.sign(voter, statement),
            sync=sync(),
        )
        assert (Sign in kinds(core.step(TimeoutReceived(NOW_MS, IDS[voter], message)))) is joined


def test_a_timeout_of_a_validator_that_is_behind_is_answered_at_most_so_often() -> None:
    core = start()
    core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    statement = Timeout(chain_id=CHAIN_ID, epoch=0, round=1, high_qc_round=0)
    message = TimeoutMessage(
        epoch=0, round=1, high_qc=maker.genesis_qc, voter=3, signature=maker.sign(3, statement), sync=sync()
    )
    answers = [
        [effect for effect in core.step(TimeoutReceived(NOW_MS + later_ms, IDS[3], message)) if type(effect) is Send]
        for later_ms in (0, 1, 1_000)
    ]
    assert [len(answer) for answer in answers] == [1, 0, 1]
    assert answers[0][0].to == IDS[3]


def test_the_round_timer_runs_while_there_is_work_and_repeats_the_timeout() -> None:
    core = start()
    (timer,) = core.step(PendingWorkChanged(NOW_MS, pending=True))
    assert timer == SetTimer(Timer.ROUND, 1, NOW_MS + 1_000)
    assert core.step(PendingWorkChanged(NOW_MS, pending=False)) == (CancelTimer(Timer.ROUND),)
    core.step(PendingWorkChanged(NOW_MS, pending=True))
    assert core.step(TimerFired(NOW_MS, Timer.ROUND, 7)) == ()
    request = TimeoutRequest(round=1, high_qc=maker.genesis_qc, tc=None)
    effects = core.step(TimerFired(NOW_MS + 1_000, Timer.ROUND, 1))
    assert effects == (SetTimer(Timer.ROUND, 1, NOW_MS + 2_000), Sign(request))
    (first,) = core.step(Signed(NOW_MS + 1_000, request, Signature(b"s" * 64)))
    again, _ = core.step(TimerFired(NOW_MS + 2_000, Timer.ROUND, 1))
    assert first == again
    assert isinstance(first, Broadcast)


def test_a_stored_timeout_is_said_again_after_a_restart_with_the_qc_it_names() -> None:
    request = TimeoutRequest(round=1, high_qc=maker.genesis_qc, tc=None)
    signature = Signature(b"t" * 64)
    core = Core(
        CONFIG,
        validators=maker.validators,
        own=IDS[0],
        safety=remember(decide(SAFETY, request), signature),
        root=maker.genesis,
    )
    broadcast = core.step(Started(NOW_MS))[0]
    assert isinstance(broadcast, Broadcast)
    assert isinstance(broadcast.message, TimeoutMessage)
    assert (broadcast.message.signature, broadcast.message.high_qc) == (signature, maker.genesis_qc)
    assert Sign not in kinds(core.step(TimerFired(NOW_MS + 5_000, Timer.ROUND, 1)))


def test_a_restart_executes_durable_certified_blocks_and_asks_to_commit_them() -> None:
    """G[0] <- A[1], where QC(A) is in the safety state."""
    safety = remember(decide(SAFETY, CommitRequest(qc=maker.qc(FIRST))), Signature(b"c" * 64))
    core = Core(
        CONFIG, validators=maker.validators, own=IDS[0], safety=safety, root=maker.genesis, uncommitted=(FIRST,)
    )
    assert core.round == 2
    assert Execute(FIRST) in core.step(Started(NOW_MS))
    effects = core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    assert Sign(CommitRequest(qc=maker.qc(FIRST))) in effects


def test_two_consecutive_certified_blocks_commit_the_first() -> None:
    """G[0] <- A[1] <- B[2]: QC(B) makes A final, and B not."""
    core = start(own=None)
    second = maker.block(round_=2, parent=FIRST)
    core.step(BlocksFetched(NOW_MS, (FIRST, second), None))
    core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    core.step(BlockExecuted(NOW_MS, second.header.id(), None))
    assert core.committed_height == 0
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(second)))))
    (commit,) = [effect for effect in effects if isinstance(effect, Commit)]
    assert commit.blocks == (FIRST,)
    maker.verifier().check_proof(commit.proof)


def test_certified_blocks_with_a_round_between_them_commit_nothing() -> None:
    """G[0] <- A[1] <- tc[2] C[3]: QC(C) makes nothing final."""
    core = start(own=None)
    qc = maker.qc(FIRST)
    third = maker.block(round_=3, parent=FIRST, tc=maker.tc(2, qc, qc, qc))
    core.step(BlocksFetched(NOW_MS, (FIRST, third), None))
    core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    core.step(BlockExecuted(NOW_MS, third.header.id(), None))
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(third)))))
    assert Commit not in kinds(effects)


def test_a_clock_that_is_set_back_delays_no_proposal() -> None:
    scout = start(own=None)
    scout.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    scout.step(BlocksFetched(NOW_MS, (FIRST,), None))
    assert scout.leader is not None
    core = start(own=IDS.index(scout.leader))
    core.step(proposal(FIRST))
    core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    earlier_ms = NOW_MS - 60_000
    core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    (build,) = [
        effect for effect in core.step(PendingWorkChanged(earlier_ms, pending=True)) if isinstance(effect, Build)
    ]
    assert build.time_ms == FIRST.header.time_ms + 1


def test_an_empty_block_waits_for_commit_votes_and_then_helps() -> None:
    """The leader of round 2 on FIRST has no work but to finish FIRST."""
    scout = start(own=None)
    scout.step(proposal(FIRST))
    scout.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    assert scout.leader is not None
    core = start(own=IDS.index(scout.leader))
    core.step(proposal(FIRST))
    core.step(BlockExecuted(NOW_MS, FIRST.header.id(), None))
    effects = core.step(SyncReceived(NOW_MS, IDS[1], SyncMessage(sync=sync(maker.qc(FIRST)))))
    due_ms = NOW_MS + CONFIG.timeout_base_ms // 4
    assert SetTimer(Timer.PROPOSE, 2, due_ms) in effects
    (build,) = [effect for effect in core.step(TimerFired(due_ms, Timer.PROPOSE, 2)) if isinstance(effect, Build)]
    assert build.empty
    assert build.qc == maker.qc(FIRST)
