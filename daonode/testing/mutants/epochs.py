"""What divides one epoch from the next, with one condition removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daonode.consensus import committing, epochs
from daonode.consensus.collector import Collector
from daonode.consensus.epochs import EpochChange
from daonode.consensus.tree import Node
from daonode.consensus.types import ValidatorSet
from daonode.consensus.verification import Verifier
from daonode.replica import executed
from daonode.signer import signing
from daonode.testing.mutants.mutant import Mutant, patched, replacing

_make_collector = Collector.__init__


def _whole_path(path: tuple[Node, ...]) -> tuple[Node, ...]:
    return path


@contextmanager
def _going_on_past_the_end() -> Iterator[None]:
    with patched(committing, "committable", _whole_path), patched(executed, "may_be_followed", _always):
        yield


def _any_epoch(_self: Verifier, _epoch: int) -> None:
    """The check of an epoch that finds nothing."""


def _any_change(_change: EpochChange, _verifier: Verifier) -> None:
    """The check of a change that finds nothing."""


def _always(*_: object) -> bool:
    return True


@contextmanager
def _counting_by_the_set_before() -> Iterator[None]:
    """What a quorum needs is taken from the total power of the epoch before."""
    seen: dict[int, ValidatorSet] = {}

    def make(self: Collector, validators: ValidatorSet) -> None:
        _make_collector(self, validators)
        seen[validators.epoch] = validators
        self._validators = seen.get(validators.epoch - 1, validators)

    with patched(Collector, "__init__", make):
        yield


MUTANTS = (
    Mutant(
        "commit-past-end",
        "blocks after the last of an epoch never commit",
        ("old-certificates",),
        _going_on_past_the_end,
    ),
    Mutant(
        "accept-old-epoch",
        "what is signed in an epoch counts in that epoch alone",
        ("old-certificates",),
        replacing(Verifier, "_check_epoch", _any_epoch),
    ),
    Mutant(
        "reset-without-proof",
        "the safety state begins anew only once the epoch is over",
        ("usurper",),
        replacing(signing, "check_epoch_change", _any_change),
    ),
    Mutant(
        "take-any-next-set",
        "the set of the next epoch is the one that the last header binds",
        ("usurper",),
        replacing(epochs, "is_bound_set", _always),
    ),
    Mutant(
        "count-by-old-set",
        "a quorum is one of the epoch's own set",
        ("epochs",),
        _counting_by_the_set_before,
    ),
)
