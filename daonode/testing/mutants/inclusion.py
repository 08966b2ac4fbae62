"""What brings a transaction from whoever has it into a block, with one step removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daonode.ledger.checking import CheckedTransaction
from daonode.replica import admission
from daonode.replica.admission import Admission
from daonode.replica.mempool import Mempool
from daonode.testing.broken import INCLUSION
from daonode.testing.mutants.mutant import Mutant, patched, replacing
from daonode.testing.world import address_of, seed_of_account

_candidates = Mempool.candidates

SPURNED = 1
"""The account whose transactions no leader takes."""


def _candidates_of_others(self: Mempool) -> Iterator[CheckedTransaction]:
    spurned = address_of(seed_of_account(SPURNED))
    return (each for each in _candidates(self) if each.body.sender != spurned)


def _nothing(*_: object, **__: object) -> None:
    return None


def _no_messages(_raws: list[bytes]) -> tuple[()]:
    return ()


@contextmanager
def _keeping_to_oneself() -> Iterator[None]:
    with patched(admission, "_messages", _no_messages), patched(Admission, "_waiting_transactions", _nothing):
        yield


MUTANTS = (
    Mutant(
        "spurn-sender",
        "a leader takes what it has, whoever has sent it",
        ("censor",),
        replacing(Mempool, "candidates", _candidates_of_others),
        INCLUSION,
    ),
    Mutant(
        "pass-nothing-on",
        "what a client sends to one node is passed on to all, at once and with each timeout",
        ("censor",),
        _keeping_to_oneself,
        INCLUSION,
    ),
)
