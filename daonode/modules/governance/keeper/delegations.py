"""Who delegates to whom on each track, and how much power each delegate received: now and at live snapshots.

One level: a delegate's ballot counts what was delegated to it, never what was delegated to its delegators. The received
power of a delegate is one number with a past, kept up to date with every change of a delegator's power, so that a
ballot reads it once however many delegators there are.
"""

from __future__ import annotations

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.history import EMPTY_HISTORY, latest, record, value_at
from daonode.ledger.snapshots import live
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import InvalidDelegation
from daonode.modules.governance.events import DelegationEnded, DelegationSet
from daonode.modules.governance.keeper.sources import Sources
from daonode.modules.governance.keys import DELEGATIONS, RECEIVED
from daonode.modules.governance.types import (
    MAX_DELEGATION_CHAIN,
    DelegateSince,
    Delegations,
    ReceivedPower,
    Track,
    TrackDelegation,
    TrackId,
)
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address


class DelegationBook:
    """Delegations of accounts and received power of delegates."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def delegate_at(self, state: StateReader, *, track: TrackId, account: Address, height: int) -> Address | None:
        """The account's delegate at the end of `height` (a live snapshot, or from the block before the last change)."""
        entry = _find(DELEGATIONS.get(state, account), track)
        return None if entry is None else _delegate_at(entry.past, height)

    def delegate_now(self, state: StateReader, *, track: TrackId, account: Address) -> Address | None:
        """The account's present delegate."""
        entry = _find(DELEGATIONS.get(state, account), track)
        return None if entry is None else entry.past[-1].delegate

    def received_at(self, state: StateReader, *, track: TrackId, account: Address, height: int) -> int:
        """The power delegated to the account at the end of `height`."""
        received = RECEIVED.get(state, (track, account))
        return 0 if received is None else value_at(received.power, height)

    def delegate(self, context: Context, *, track: Track, delegator: Address, to: Address) -> None:
        """Make `to` the delegate of `delegator`, whoever was before.

        Raises:
            InvalidDelegation: to oneself, to the present delegate, or to one whose chain leads back or on too far.
        """
        state = context.state
        previous = self.delegate_now(state, track=track.id, account=delegator)
        if previous == to:
            raise InvalidDelegation(f"{encode_account(to)} is the delegate on track {track.id} already")
        self._check_chain(state, track=track.id, delegator=delegator, to=to)
        source = self._sources.of_track(state, track)
        power = source.power_at(state, account=delegator, height=context.block.height)
        self._write(context, track=track.id, source=source.name, delegator=delegator, delegate=to)
        if previous is not None:
            self._change_received(context, track=track.id, delegate=previous, change=-power)
        self._change_received(context, track=track.id, delegate=to, change=power)
        context.emit(DelegationSet(track=track.id, delegator=delegator, delegate=to, previous=previous, power=power))

    def undelegate(self, context: Context, *, track: Track, delegator: Address) -> None:
        """End the delegation of `delegator`, or raise `InvalidDelegation` where there is none."""
        state = context.state
        previous = self.delegate_now(state, track=track.id, account=delegator)
        if previous is None:
            raise InvalidDelegation(f"there is no delegation on track {track.id} to end")
        source = self._sources.of_track(state, track)
        power = source.power_at(state, account=delegator, height=context.block.height)
        self._write(context, track=track.id, source=source.name, delegator=delegator, delegate=None)
        self._change_received(context, track=track.id, delegate=previous, change=-power)
        context.emit(DelegationEnded(track=track.id, delegator=delegator, delegate=previous, power=power))

    def on_power_changed(self, context: Context, *, source: str, account: Address, before: int, after: int) -> None:
        """Carry a change of an account's power on to its delegates: one read where it delegates nothing."""
        delegations = DELEGATIONS.get(context.state, account)
        if delegations is None:
            return
        for entry in delegations.tracks:
            delegate = entry.past[-1].delegate
            if entry.source == source and delegate is not None:
                self._change_received(context, track=entry.track, delegate=delegate, change=after - before)

    def _check_chain(self, state: StateReader, *, track: TrackId, delegator: Address, to: Address) -> None:
        if to == delegator:
            raise InvalidDelegation(
                "an account cannot delegate to itself", hint="undelegate to count one's own ballots only"
            )
        following: Address | None = to
        for _ in range(MAX_DELEGATION_CHAIN):
            following = self.delegate_now(state, track=track, account=following) if following is not None else None
            if following is None:
                return
            if following == delegator:
                raise InvalidDelegation(
                    f"{encode_account(to)} delegates to this account on track {track}, itself or through others",
                    hint="delegations may not go in a circle; choose another delegate",
                )
        raise InvalidDelegation(
            f"the chain of delegations from {encode_account(to)} is longer than {MAX_DELEGATION_CHAIN}",
            hint="choose a delegate that does not delegate on",
        )

    def _change_received(self, context: Context, *, track: TrackId, delegate: Address, change: int) -> None:
        if change == 0:
            return
        received = RECEIVED.get(context.state, (track, delegate))
        power = EMPTY_HISTORY if received is None else received.power
        power = record(power, height=context.block.height, value=latest(power) + change, live=live(context.state))
        if power.checkpoints:
            RECEIVED.set(context.state, (track, delegate), ReceivedPower(power=power))
        else:
            RECEIVED.delete(context.state, (track, delegate))

    def _write(
        self, context: Context, *, track: TrackId, source: str, delegator: Address, delegate: Address | None
    ) -> None:
        found = DELEGATIONS.get(context.state, delegator)
        entry = _find(found, track) or TrackDelegation(track=track, source=source, past=())
        past = _record_delegate(
            entry.past, height=context.block.height, delegate=delegate, live_heights=live(context.state)
        )
        others = () if found is None else tuple(other for other in found.tracks if other.track != track)
        changed = (replace(entry, source=source, past=past),) if past else ()
        entries = tuple(sorted((*others, *changed), key=lambda each: each.track))
        if entries:
            DELEGATIONS.set(context.state, delegator, Delegations(tracks=entries))
        else:
            DELEGATIONS.delete(context.state, delegator)


def _find(delegations: Delegations | None, track: TrackId) -> TrackDelegation | None:
    if delegations is None:
        return None
    return next((entry for entry in delegations.tracks if entry.track == track), None)


def _delegate_at(past: tuple[DelegateSince, ...], height: int) -> Address | None:
    for since in reversed(past):
        if since.height <= height:
            return since.delegate
    return None


def _record_delegate(
    past: tuple[DelegateSince, ...], *, height: int, delegate: Address | None, live_heights: tuple[int, ...]
) -> tuple[DelegateSince, ...]:
    """The past with a new present, without entries that no live snapshot and no new one could read (as `history`)."""
    readable = tuple(sorted((*live_heights, height - 1)))
    kept: list[DelegateSince] = []
    for position, since in enumerate(past):
        until = past[position + 1].height if position + 1 < len(past) else height
        is_readable = any(since.height <= each < until for each in readable)
        if is_readable and since.delegate != (kept[-1].delegate if kept else None):
            kept.append(since)
    if delegate != (kept[-1].delegate if kept else None):
        kept.append(DelegateSince(height=height, delegate=delegate))
    return tuple(kept)
