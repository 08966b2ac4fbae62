"""Which two statements prove a fault."""

from __future__ import annotations

import pytest

from daonode.consensus.evidence import STATEMENTS_KEPT, EvidenceWatch, is_conflict
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote
from daonode.primitives.ids import BlockId, Signature, ValidatorId
from tests.unit.consensus.chains import CHAIN_ID

X, Y = BlockId(b"x" * 32), BlockId(b"y" * 32)
WHO = ValidatorId(b"w" * 32)
SIGNATURE = Signature(b"s" * 64)


def propose(round_: int, block_id: BlockId) -> Propose:
    return Propose(chain_id=CHAIN_ID, epoch=0, round=round_, block_id=block_id)


def vote(round_: int, block_id: BlockId, qc_round: int) -> Vote:
    return Vote(chain_id=CHAIN_ID, epoch=0, round=round_, block_id=block_id, qc_round=qc_round)


def commit(round_: int, block_id: BlockId) -> Commit:
    return Commit(chain_id=CHAIN_ID, epoch=0, round=round_, block_id=block_id)


def timeout(round_: int, high_qc_round: int) -> Timeout:
    return Timeout(chain_id=CHAIN_ID, epoch=0, round=round_, high_qc_round=high_qc_round)


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        (propose(1, X), propose(1, Y), True),
        (propose(1, X), propose(2, Y), False),
        (vote(3, X, 2), vote(3, Y, 2), True),
        (vote(3, X, 2), vote(3, X, 1), True),
        (vote(3, X, 2), vote(4, Y, 2), False),
        (commit(3, X), commit(3, Y), True),
        (commit(3, X), propose(3, Y), False),
        (commit(3, X), timeout(3, 2), True),
        (commit(3, X), timeout(5, 2), True),
        (commit(3, X), timeout(4, 3), False),
        (commit(3, X), timeout(2, 1), False),
        (vote(3, X, 2), timeout(3, 1), True),
        (vote(3, X, 2), timeout(5, 1), True),
        (vote(3, X, 2), timeout(3, 2), False),
        (vote(3, X, 2), timeout(2, 1), False),
        (timeout(3, 1), timeout(3, 2), False),
    ],
)
def test_conflicts_are_told_in_either_order(first: Statement, second: Statement, conflict: bool) -> None:
    assert is_conflict(first, second) is conflict
    assert is_conflict(second, first) is conflict


def test_a_conflict_is_returned_once_with_both_signatures() -> None:
    watch = EvidenceWatch()
    assert watch.add(WHO, vote(3, X, 2), SIGNATURE) == ()
    assert watch.add(WHO, vote(3, X, 2), SIGNATURE) == ()
    (found,) = watch.add(WHO, vote(3, Y, 2), Signature(b"t" * 64))
    assert (found.validator, found.first.signature, found.second.signature) == (WHO, SIGNATURE, b"t" * 64)
    assert watch.add(WHO, vote(3, Y, 2), SIGNATURE) == ()


def test_statements_of_different_validators_do_not_conflict() -> None:
    watch = EvidenceWatch()
    watch.add(WHO, vote(3, X, 2), SIGNATURE)
    assert watch.add(ValidatorId(b"o" * 32), vote(3, Y, 2), SIGNATURE) == ()


def test_old_statements_are_forgotten() -> None:
    watch = EvidenceWatch()
    for round_ in range(1, STATEMENTS_KEPT + 2):
        watch.add(WHO, vote(round_, X, 0), SIGNATURE)
    assert watch.add(WHO, vote(1, Y, 0), SIGNATURE) == ()
