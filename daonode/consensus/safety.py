"""What a validator may sign: the safety state, and the rules as pure functions over it.

`decide(state, request)` gives the next state and the statement to sign, or raises `SafetyViolation`. Whoever holds the
key persists the next state before the signature leaves (`daonode.signer`); the core never judges by these rules itself,
it asks. Certificates in a request have been verified, and bound to the header, before (`verification.py`).

Each clause is a function of its own named `is_...`. Sources: Jolteon (FC'22), figure 2; commit votes: Aptos AIP-89.
May not know keys, files, the block tree or what a payload is.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.errors import Clause, SafetyViolation
from daonode.consensus.requests import CommitRequest, ProposeRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote
from daonode.consensus.types import QuorumCertificate, TimeoutCertificate, ValidatorSet
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import ChainId, PublicKey, Signature


class SignedPropose(Record, frozen=True):
    """The last proposal and its signature."""

    statement: Propose
    signature: Signature


class SignedVote(Record, frozen=True):
    """The last vote and its signature."""

    statement: Vote
    signature: Signature


class SignedTimeout(Record, frozen=True):
    """The last timeout, its signature, and the QC that the statement names: the message carries that very QC."""

    statement: Timeout
    high_qc: QuorumCertificate
    signature: Signature


class SignedCommit(Record, frozen=True):
    """The last commit vote and its signature."""

    statement: Commit
    signature: Signature


class SafetyState(Record, frozen=True):
    """All that a validator must never forget, bound to its key and chain. Rounds never fall within an epoch.

    `validators` is the set of the epoch and `genesis_qc` what it began with: by them the signer judges certificates.
    """

    chain_id: ChainId
    public_key: PublicKey
    epoch: U64
    validators: ValidatorSet
    genesis_qc: QuorumCertificate
    last_voted_round: U64
    last_vote: SignedVote | None
    locked_round: U64
    high_qc: QuorumCertificate
    highest_tc: TimeoutCertificate | None
    highest_timeout_round: U64
    last_timeout: SignedTimeout | None
    last_commit_vote: SignedCommit | None
    last_proposed_round: U64
    last_proposal: SignedPropose | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules allow: `state` is to be persisted, with the signature over `statement`, by `remember`.

    `stored` is the signature that was given for this very statement before; then nothing changes and nothing is signed.
    `qc` is the request's, which a stored timeout keeps.
    """

    state: SafetyState
    statement: Statement
    stored: Signature | None
    qc: QuorumCertificate


def initial_safety_state(
    *, chain_id: ChainId, public_key: PublicKey, validators: ValidatorSet, genesis_qc: QuorumCertificate
) -> SafetyState:
    """The state of a validator that has signed nothing in an epoch: everything at the round that it begins at."""
    return SafetyState(
        chain_id=chain_id,
        public_key=public_key,
        epoch=genesis_qc.epoch,
        validators=validators,
        genesis_qc=genesis_qc,
        last_voted_round=genesis_qc.round,
        last_vote=None,
        locked_round=genesis_qc.round,
        high_qc=genesis_qc,
        highest_tc=None,
        highest_timeout_round=genesis_qc.round,
        last_timeout=None,
        last_commit_vote=None,
        last_proposed_round=genesis_qc.round,
        last_proposal=None,
    )


def observe(state: SafetyState, request: SignRequest) -> SafetyState:
    """Every QC that is seen raises `high_qc` first, then the lock; this holds whether or not a signature follows.

    A signer may keep the result in memory and persist it with its next signature: only what was signed must never be
    forgotten, and whoever signed nothing on a QC is needed by nobody to remember it.
    """
    match request:
        case ProposeRequest() | VoteRequest():
            return observe_certificates(state, request.qc, request.tc)
        case TimeoutRequest():
            return observe_certificates(state, request.high_qc, request.tc)
        case CommitRequest():
            return observe_certificates(state, request.qc, None)


def decide(state: SafetyState, request: SignRequest) -> Decision:
    """Judge a request by the rules. Pure; raises `SafetyViolation` with the clause that forbids it."""
    seen = observe(state, request)
    match request:
        case ProposeRequest():
            return decide_proposal(seen, request)
        case VoteRequest():
            return decide_vote(seen, request)
        case TimeoutRequest():
            return decide_timeout(seen, request)
        case CommitRequest():
            return decide_commit(seen, request)


def remember(decision: Decision, signature: Signature) -> SafetyState:
    """The state to persist before `signature`, over the decision's statement, leaves."""
    state, statement = decision.state, decision.statement
    match statement:
        case Propose():
            return replace(state, last_proposal=SignedPropose(statement=statement, signature=signature))
        case Vote():
            return replace(state, last_vote=SignedVote(statement=statement, signature=signature))
        case Timeout():
            last = SignedTimeout(statement=statement, high_qc=decision.qc, signature=signature)
            return replace(state, last_timeout=last)
        case Commit():
            return replace(state, last_commit_vote=SignedCommit(statement=statement, signature=signature))


def decide_proposal(state: SafetyState, request: ProposeRequest) -> Decision:
    """One proposal a round, and none for a round before the last one."""
    header = request.header
    require_epoch(state, header.epoch)
    statement = Propose(chain_id=state.chain_id, epoch=state.epoch, round=header.round, block_id=header.id())
    last = state.last_proposal
    if last is not None and last.statement == statement:
        return Decision(state, statement, last.signature, request.qc)
    if not is_newer_than_last_proposal(state, header.round):
        raise SafetyViolation(clause=Clause.PROPOSE_NEWER_ROUND, round_=header.round, bound=state.last_proposed_round)
    return Decision(replace(state, last_proposed_round=header.round), statement, None, request.qc)


def decide_vote(state: SafetyState, request: VoteRequest) -> Decision:
    """Rule 1: one vote a round, for a block whose round its certificates justify. The QC has raised the lock."""
    header, qc = request.header, request.qc
    require_epoch(state, header.epoch)
    statement = Vote(
        chain_id=state.chain_id, epoch=state.epoch, round=header.round, block_id=header.id(), qc_round=qc.round
    )
    last = state.last_vote
    if last is not None and last.statement == statement:
        return Decision(state, statement, last.signature, qc)
    if not is_newer_than_last_vote(state, header.round):
        raise SafetyViolation(clause=Clause.VOTE_NEWER_ROUND, round_=header.round, bound=state.last_voted_round)
    if not is_safe_to_extend(header.round, qc, request.tc):
        raise SafetyViolation(clause=Clause.VOTE_JUSTIFIED_ROUND, round_=header.round, bound=qc.round)
    return Decision(raise_last_voted_round(state, header.round), statement, None, qc)


def decide_timeout(state: SafetyState, request: TimeoutRequest) -> Decision:
    """Rule 2: give up on a round, naming a QC not below the lock. Ends voting and committing up to that round."""
    high_qc, round_ = request.high_qc, request.round
    require_epoch(state, high_qc.epoch)
    statement = Timeout(chain_id=state.chain_id, epoch=state.epoch, round=round_, high_qc_round=high_qc.round)
    last = state.last_timeout
    if last is not None and last.statement == statement:
        return Decision(state, statement, last.signature, high_qc)
    if last is not None and last.statement.round == round_:
        bound = last.statement.high_qc_round
        raise SafetyViolation(clause=Clause.TIMEOUT_SAME_STATEMENT, round_=high_qc.round, bound=bound)
    if not is_not_before_last_vote(state, round_):
        raise SafetyViolation(clause=Clause.TIMEOUT_NOT_BEFORE_VOTE, round_=round_, bound=state.last_voted_round)
    if not is_before_timeout(high_qc, round_):
        raise SafetyViolation(clause=Clause.TIMEOUT_UNCERTIFIED_ROUND, round_=round_, bound=high_qc.round)
    if not is_not_below_lock(state, high_qc):
        raise SafetyViolation(clause=Clause.TIMEOUT_NOT_BELOW_LOCK, round_=high_qc.round, bound=state.locked_round)
    if not is_justified_timeout(round_, high_qc, request.tc):
        raise SafetyViolation(clause=Clause.TIMEOUT_JUSTIFIED_ROUND, round_=round_, bound=high_qc.round)
    given_up = raise_highest_timeout_round(raise_last_voted_round(state, round_), round_)
    return Decision(given_up, statement, None, high_qc)


def decide_commit(state: SafetyState, request: CommitRequest) -> Decision:
    """Rule 3: the QC has raised the lock; now say that its block may be final, unless its round was given up."""
    qc = request.qc
    require_epoch(state, qc.epoch)
    statement = Commit(chain_id=state.chain_id, epoch=state.epoch, round=qc.round, block_id=qc.block_id)
    last = state.last_commit_vote
    if last is not None and last.statement == statement:
        return Decision(state, statement, last.signature, qc)
    if last is not None and qc.round <= last.statement.round:
        raise SafetyViolation(clause=Clause.COMMIT_NEWER_ROUND, round_=qc.round, bound=last.statement.round)
    if not is_after_last_timeout(state, qc.round):
        raise SafetyViolation(
            clause=Clause.COMMIT_NOT_AFTER_TIMEOUT, round_=qc.round, bound=state.highest_timeout_round
        )
    return Decision(state, statement, None, qc)


# The clauses.


def require_epoch(state: SafetyState, epoch: int) -> None:
    """Refuse another epoch: the state moves to a new one only by a commit certificate of the epoch's last block."""
    if epoch != state.epoch:
        raise SafetyViolation(clause=Clause.EPOCH, round_=epoch, bound=state.epoch)


def is_newer_than_last_proposal(state: SafetyState, round_: int) -> bool:
    """Whether no proposal of this round or a later one has been signed."""
    return round_ > state.last_proposed_round


def is_newer_than_last_vote(state: SafetyState, round_: int) -> bool:
    """Rule 1: whether neither a vote nor a timeout of this round or a later one has been signed."""
    return round_ > state.last_voted_round


def is_safe_to_extend(round_: int, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> bool:
    """Rule 1: whether a block of this round may extend `qc`: right after it, or after a TC that it is not behind."""
    return is_right_after_qc(round_, qc) or (is_right_after_tc(round_, tc) and is_not_older_than_timeouts(qc, tc))


def is_right_after_qc(round_: int, qc: QuorumCertificate) -> bool:
    """Rules 1 and 2: whether the round is the one that the QC opens."""
    return round_ == qc.round + 1


def is_right_after_tc(round_: int, tc: TimeoutCertificate | None) -> bool:
    """Rules 1 and 2: whether the round is the one that the TC opens."""
    return tc is not None and round_ == tc.round + 1


def is_not_older_than_timeouts(qc: QuorumCertificate, tc: TimeoutCertificate | None) -> bool:
    """Rule 1: whether the QC is as new as the best that those who timed out have seen: one may be locked on it."""
    return tc is not None and qc.round >= tc.max_high_qc_round


def is_justified_timeout(round_: int, high_qc: QuorumCertificate, tc: TimeoutCertificate | None) -> bool:
    """Rule 2: whether the round is one that a certificate has opened: nobody gives up on rounds far ahead."""
    return is_right_after_qc(round_, high_qc) or is_right_after_tc(round_, tc)


def is_not_before_last_vote(state: SafetyState, round_: int) -> bool:
    """Rule 2: whether no vote and no timeout of a later round has been signed."""
    return round_ >= state.last_voted_round


def is_before_timeout(high_qc: QuorumCertificate, round_: int) -> bool:
    """Rule 2: whether the named QC is of an earlier round: a certified round is not given up."""
    return high_qc.round < round_


def is_not_below_lock(state: SafetyState, high_qc: QuorumCertificate) -> bool:
    """Rule 2: whether the named QC is not older than the lock, so that a TC cannot hide what may be committed."""
    return high_qc.round >= state.locked_round


def is_after_last_timeout(state: SafetyState, round_: int) -> bool:
    """Rule 3: whether the round and every later one has not been given up."""
    return round_ > state.highest_timeout_round


# The changes.


def observe_certificates(state: SafetyState, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> SafetyState:
    """Remember the newest certificates of this epoch. Nothing falls."""
    if tc is not None and tc.epoch == state.epoch:
        state = raise_lock(raise_high_qc(state, tc.high_qc), tc.high_qc.round)
        if state.highest_tc is None or tc.round > state.highest_tc.round:
            state = replace(state, highest_tc=tc)
    if qc.epoch == state.epoch:
        state = raise_lock(raise_high_qc(state, qc), qc.round)
    return state


def raise_high_qc(state: SafetyState, qc: QuorumCertificate) -> SafetyState:
    """Remember the newest QC."""
    return replace(state, high_qc=qc) if qc.round > state.high_qc.round else state


def raise_lock(state: SafetyState, round_: int) -> SafetyState:
    """Lock on a certified round; a lock never falls."""
    return replace(state, locked_round=max(state.locked_round, round_))


def raise_last_voted_round(state: SafetyState, round_: int) -> SafetyState:
    """Remember a vote or timeout."""
    return replace(state, last_voted_round=max(state.last_voted_round, round_))


def raise_highest_timeout_round(state: SafetyState, round_: int) -> SafetyState:
    """Remember a timeout."""
    return replace(state, highest_timeout_round=max(state.highest_timeout_round, round_))
