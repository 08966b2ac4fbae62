"""The consensus core of each epoch: taken up from a store when a node starts, and made anew when an epoch begins."""

from __future__ import annotations

from daonode.consensus.config import ConsensusConfig
from daonode.consensus.core import Core
from daonode.consensus.epochs import EpochChange
from daonode.consensus.leaders import HISTORY_HEIGHTS
from daonode.consensus.safety import SafetyState, initial_safety_state
from daonode.consensus.types import Block, Header, ValidatorSet
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.replica.archive import Archive
from daonode.replica.layout import EpochRecord


class Cores:
    """Makes cores for whoever holds these consensus keys; for a full node where there are none."""

    def __init__(self, config: ConsensusConfig, keys: tuple[PublicKey, ...]) -> None:
        self._config = config
        self._keys = keys

    def own_in(self, validators: ValidatorSet) -> ValidatorId | None:
        """Which member of a set this node is; None in an epoch in which it only follows."""
        return next((each.id for each in validators.validators if each.public_key in self._keys), None)

    def resume(self, archive: Archive, *, safety: SafetyState, uncommitted: tuple[Block, ...]) -> Core:
        """The core that goes on from a store. `safety` is of use only if the signer is in the epoch of the store."""
        root, epoch = archive.tip_header(), archive.current_epoch()
        committed = archive.committed(root.height)
        proof = None if committed is None else committed.proof
        is_current = safety.epoch == epoch.validators.epoch
        return Core(
            self._config,
            validators=epoch.validators,
            own=self.own_in(epoch.validators),
            safety=safety if is_current else self._fresh_safety(epoch),
            root=root,
            # What made the block that the epoch begins on final was of the epoch before.
            root_proof=proof if root.height > epoch.start_height else None,
            history=archive.recent_blocks(HISTORY_HEIGHTS),
            uncommitted=uncommitted,
        )

    def begin(self, epoch: EpochRecord, root: Header) -> Core:
        """The core of an epoch that begins on a block with this header."""
        return Core(
            self._config,
            validators=epoch.validators,
            own=self.own_in(epoch.validators),
            safety=self._fresh_safety(epoch),
            root=root,
        )

    def missed_changes(self, archive: Archive, *, safety: SafetyState) -> tuple[EpochChange, ...]:
        """What takes a signer from the epoch of its state to that of the store; nothing for a full node."""
        if not self._keys:
            return ()
        changes = (archive.epoch_change(each) for each in range(safety.epoch, archive.current_epoch().validators.epoch))
        return tuple(change for change in changes if change is not None)

    def _fresh_safety(self, epoch: EpochRecord) -> SafetyState:
        return initial_safety_state(
            chain_id=self._config.chain_id,
            public_key=next(iter(self._keys), PublicKey(bytes(32))),
            validators=epoch.validators,
            genesis_qc=epoch.genesis_qc,
        )
