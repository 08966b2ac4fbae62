"""What a node tells its operator while it runs: peers by name, at most a line a block, no flood by anybody's doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
import trio

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.epochs import EpochChange
from daonode.consensus.messages import TimeoutMessage
from daonode.consensus.requests import SignRequest
from daonode.consensus.types import Header
from daonode.ledger.block import Receipt
from daonode.primitives.ids import ValidatorId
from daonode.replica.events import PeerId

FAULT_INTERVAL_SECONDS = 10.0
"""A peer's faults are told at most this often; how many there were in between is told with the next."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Faults:
    told_at: float
    untold: int = 0


class Narrator:
    """Writes the log of one node. `peers` and `validators` name who is listed in its configuration."""

    def __init__(self, *, peers: Mapping[PeerId, str], validators: Mapping[ValidatorId, str]) -> None:
        self._peers = peers
        self._validators = validators
        self._faults: dict[PeerId, _Faults] = {}
        self._refusals: _Faults | None = None
        self._is_catching_up = False
        self._reaches_quorum = True

    def peer_connected(self, peer: PeerId) -> None:
        """A peer's lanes are open."""
        log.info("peer connected", peer=self._name(peer))

    def peer_disconnected(self, peer: PeerId, reason: str) -> None:
        """A peer's connection is over."""
        log.info("peer disconnected", peer=self._name(peer), reason=reason)
        if peer not in self._peers:
            self._faults.pop(peer, None)

    def connection_refused(self, who: str, reason: str) -> None:
        """A connection came to nothing; of all together a line is told in `FAULT_INTERVAL_SECONDS`."""
        now = trio.current_time()
        known = self._refusals
        if known is not None and now - known.told_at < FAULT_INTERVAL_SECONDS:
            known.untold += 1
            return
        untold = 0 if known is None else known.untold
        self._refusals = _Faults(told_at=now)
        log.warning("connection refused", peer=who, reason=reason, **({"untold": untold} if untold else {}))

    def peer_fault(self, peer: PeerId, reason: str) -> None:
        """A peer sent what no honest peer sends."""
        now = trio.current_time()
        known = self._faults.get(peer)
        if known is not None and now - known.told_at < FAULT_INTERVAL_SECONDS:
            known.untold += 1
            return
        untold = 0 if known is None else known.untold
        self._faults[peer] = _Faults(told_at=now)
        log.warning("peer misbehaved", peer=self._name(peer), reason=reason, **({"untold": untold} if untold else {}))

    def committed(self, header: Header, receipts: tuple[Receipt, ...]) -> None:
        """A block is final and on disk."""
        failed = sum(1 for receipt in receipts if receipt.code)
        log.info(
            "committed",
            height=header.height,
            round=header.round,
            transactions=len(receipts),
            **({"failed": failed} if failed else {}),
            proposer=self.validator_name(header.proposer),
            block=header.id().hex()[:16],
        )

    def round_timed_out(self, message: TimeoutMessage, leader: ValidatorId | None) -> None:
        """This validator gives up on a round, or says so again."""
        who = "unknown" if leader is None else self.validator_name(leader)
        log.info("round timed out: no certificate in time", round=message.round, leader=who)

    def catching_up(self, is_catching_up: bool, *, height: int) -> None:
        """Told after each step; a line where it has changed."""
        if is_catching_up != self._is_catching_up:
            self._is_catching_up = is_catching_up
            log.info("catching up: fetching blocks from peers" if is_catching_up else "caught up", height=height)

    def reaching_quorum(self, is_reached: bool) -> None:
        """Told now and then whether enough validators are connected; a line when they are lost and when they return."""
        if is_reached == self._reaches_quorum:
            return
        self._reaches_quorum = is_reached
        if is_reached:
            log.info("a quorum of validators is connected")
        else:
            log.warning("cut off: too few validators are connected, so no block can be committed here")

    def clock_is_off(self, ahead_ms: int) -> None:
        """The times of certified blocks are far from this node's clock."""
        direction = "ahead of" if ahead_ms > 0 else "behind"
        log.warning(
            f"this machine's clock is wrong: it is {abs(ahead_ms) / 1_000:.0f} s {direction} the blocks that the other"
            " validators certify; synchronise it, as with NTP"
        )

    def signing_refused(self, request: SignRequest, reason: str) -> None:
        """The signer's rules forbid a statement, as they may after a restart."""
        log.info("signing refused", request=type(request).__name__, reason=reason)

    def epoch_entered(self, change: EpochChange, refusal: str | None) -> None:
        """An epoch has begun; `refusal` is why the signer does not go on to it."""
        epoch = change.validators.epoch
        if refusal is None:
            log.info("a new epoch begins", epoch=epoch, validators=len(change.validators.validators))
        else:
            log.error("the signer refuses to enter the epoch: this node cannot vote", epoch=epoch, reason=refusal)

    def evidence(self, report: ReportEvidence) -> None:
        """A validator was caught."""
        log.warning("a validator signed what no honest one signs", offender=self.validator_name(report.offender))

    def _name(self, peer: PeerId) -> str:
        return self._peers.get(peer, peer)

    def validator_name(self, validator: ValidatorId) -> str:
        """A validator for people: its name in the configuration, or the beginning of its id."""
        return self._validators.get(validator, validator.hex()[:16])
