"""Who proposes in a round: sampled by power and recorded reliability, the same for all who extend the same QC.

The schedule of a round is a function of the round and of the ancestry of the QC that its block carries, so a block
names its own schedule and nobody can disagree whether its proposer was the leader. After a timeout, those who share
the high QC compute the same next leader before they see a block; those whose high QC is one height older nearly always
do too, because reliability is taken `LAG_HEIGHTS` below the QC's block and only at every `STEP_HEIGHTS`-th height.

Weights learn nothing while nothing is committed, and may be almost all with a leader that has just died. So after
`MAX_WEIGHED_FAILURES` rounds in a row without a certificate everyone leads in turn, until there is one.

Reliability comes from the last `WINDOW_HEIGHTS` blocks up to there: who proposed, whom blocks name as failed, and whose
votes stand in their QCs. Integers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from daonode.consensus.tree import BlockTree, Link
from daonode.consensus.types import Header, ValidatorSet
from daonode.primitives.codec import encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import BlockId, ChainId, ValidatorId

LAG_HEIGHTS = 3
STEP_HEIGHTS = 4
WINDOW_HEIGHTS = 32

HISTORY_HEIGHTS = LAG_HEIGHTS + STEP_HEIGHTS + WINDOW_HEIGHTS
"""How many committed blocks, the tip included, the core must be given and remembers."""

ACTIVE_WEIGHT = 100
INACTIVE_WEIGHT = 10
FAILED_WEIGHT = 1

MAX_WEIGHED_FAILURES = 2
"""Rounds that may fail in a row before leaders take turns."""

MAX_FAILED_PROPOSERS = 32
"""A block names the leaders of at most this many skipped rounds, the latest."""

MAX_CACHED_WEIGHTS = 16
MAX_CACHED_LEADERS = 64


def reliability_weights(validators: ValidatorSet, window: Sequence[Link]) -> tuple[int, ...]:
    """The weight of each validator, in the order of the set. `window` has the newest block first.

    A validator whose latest turn in the window failed counts `FAILED_WEIGHT`; one that neither proposed nor voted in a
    full window `INACTIVE_WEIGHT`; in a window shorter than that (the first heights) everyone is active.
    """
    failed: dict[ValidatorId, bool] = {}
    active = [len(window) < WINDOW_HEIGHTS] * len(validators.validators)
    for link in window:
        failed.setdefault(link.proposer, False)
        for proposer in reversed(link.failed_proposers):
            failed.setdefault(proposer, True)
        for signer in link.qc_signers:
            active[signer] = True
    weights: list[int] = []
    for index, validator in enumerate(validators.validators):
        if failed.get(validator.id, False):
            reliability = FAILED_WEIGHT
        elif active[index] or validator.id in failed:
            reliability = ACTIVE_WEIGHT
        else:
            reliability = INACTIVE_WEIGHT
        weights.append(validator.power * reliability)
    return tuple(weights)


def pick(weights: Sequence[int], *, seed: bytes) -> int:
    """The index that a hash chooses, each with a chance in proportion to its weight."""
    # 256 bits against weights below 2**72: the bias of the remainder is beyond any observation.
    target = int.from_bytes(sha256(seed), "big") % sum(weights)
    for index, weight in enumerate(weights):
        if target < weight:
            return index
        target -= weight
    raise AssertionError("the target is below the sum of the weights")


class LeaderSchedule:
    """Leaders of rounds over one block tree, with small caches."""

    def __init__(self, *, chain_id: ChainId, validators: ValidatorSet, tree: BlockTree) -> None:
        self._chain_id = chain_id
        self._validators = validators
        self._tree = tree
        self._weights: dict[BlockId, tuple[int, ...]] = {}
        self._leaders: dict[tuple[int, BlockId], ValidatorId] = {}

    def leader(self, round_: int, *, extends: BlockId) -> ValidatorId | None:
        """The leader of a round whose block extends the block `extends`; None when that block is unknown."""
        if not self._tree.is_known(extends):
            return None
        found = self._leaders.get((round_, extends))
        if found is None:
            found = self._validators.validators[self._pick(round_, extends=extends)].id
            if len(self._leaders) >= MAX_CACHED_LEADERS:
                self._leaders.clear()
            self._leaders[(round_, extends)] = found
        return found

    def failed_proposers(self, *, round_: int, qc_round: int, extends: BlockId) -> tuple[ValidatorId, ...]:
        """The leaders of the rounds that a block of `round_` over a QC of `qc_round` skips, ascending, bounded."""
        first = max(qc_round + 1, round_ - MAX_FAILED_PROPOSERS)
        skipped = (self.leader(failed, extends=extends) for failed in range(first, round_))
        return tuple(leader for leader in skipped if leader is not None)

    def _pick(self, round_: int, *, extends: BlockId) -> int:
        header = self._tree.header_of(extends)
        assert header is not None, "the caller has checked that the block is known"
        if round_ - header.round - 1 > MAX_WEIGHED_FAILURES:
            return round_ % len(self._validators.validators)
        seed = encode((self._chain_id, self._validators.epoch, round_))
        return pick(self._weights_at(extends, header), seed=seed)

    def _weights_at(self, block_id: BlockId, header: Header) -> tuple[int, ...]:
        links = self._tree.links(block_id)
        anchor_height = max(0, header.height - LAG_HEIGHTS) // STEP_HEIGHTS * STEP_HEIGHTS
        anchor = next((link for link in links if link.height <= anchor_height), None)
        if anchor is None:
            return reliability_weights(self._validators, ())
        weights = self._weights.get(anchor.id)
        if weights is None:
            weights = reliability_weights(self._validators, (anchor, *islice(links, WINDOW_HEIGHTS - 1)))
            if len(self._weights) >= MAX_CACHED_WEIGHTS:
                self._weights.clear()
            self._weights[anchor.id] = weights
        return weights
