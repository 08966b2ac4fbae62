"""The governance section of the genesis document: parameters and tracks, and in an exported chain all the rest."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from daonode.ledger.context import Context
from daonode.ledger.origins import module_address
from daonode.ledger.snapshots import hold
from daonode.ledger.state import StateReader
from daonode.modules.governance.expected import AccountsKeeper
from daonode.modules.governance.keeper.deposits import settlement_item
from daonode.modules.governance.keeper.live_proposals import enter
from daonode.modules.governance.keys import (
    ACTIONS,
    BALLOTS,
    DECIDING,
    DELEGATIONS,
    DEPOSIT_TOTALS,
    DEPOSITS,
    LAST_NUMBER,
    NAME,
    NUMBERS,
    PARAMS,
    PROPOSALS,
    QUEUE,
    RECEIVED,
    SETTLEMENTS,
    TALLIES,
    TRACKS,
)
from daonode.modules.governance.params import (
    DEFAULT_PARAMS,
    MAX_EXECUTION_GAS,
    MAX_PERIOD_MS,
    MIN_EXECUTION_GAS,
    GovernanceParams,
)
from daonode.modules.governance.types import (
    BEFORE_DECISION_ENDS,
    MAX_DEPOSITORS,
    MAX_TRACKS,
    Ballot,
    Counter,
    Curve,
    Delegations,
    DepositPart,
    DepositTotals,
    Proposal,
    ProposalActions,
    ProposalId,
    ProposalReference,
    ReceivedPower,
    Settlement,
    Tally,
    Track,
    TrackId,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.hidden_text import find_hidden
from daonode.primitives.ids import Address
from daonode.primitives.units import BPS_MAX

_ORIGIN = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class GenesisProposal(Record, frozen=True):
    """An exported proposal with everything that belongs to it."""

    proposal: Proposal
    actions: ProposalActions
    tally: Tally | None
    ballots: tuple[tuple[Address, Ballot], ...]
    deposits: Annotated[tuple[tuple[Address, DepositPart], ...], Meta(max_length=MAX_DEPOSITORS)]
    settlement: Settlement | None = None


class GenesisReceived(Record, frozen=True):
    """What an account was delegated on a track, in an exported chain."""

    track: TrackId
    account: Address
    received: ReceivedPower


class GovernanceGenesis(Record, frozen=True):
    """The whole section. Only `tracks` is needed for a new chain; the rest is what an export adds."""

    tracks: Annotated[tuple[Track, ...], Meta(min_length=1, max_length=MAX_TRACKS)]
    params: GovernanceParams = DEFAULT_PARAMS
    last_number: U64 = 0
    proposals: tuple[GenesisProposal, ...] = ()
    delegations: tuple[tuple[Address, Delegations], ...] = ()
    received: tuple[GenesisReceived, ...] = ()
    deciding: tuple[tuple[TrackId, Counter], ...] = ()
    deposit_totals: DepositTotals | None = None


def init_genesis(context: Context, genesis: GovernanceGenesis, *, accounts: AccountsKeeper) -> None:
    """Write the initial state. Raises `ValueError` that names the path within the section."""
    _check_params(genesis.params)
    _check_tracks(genesis.tracks)
    accounts.mark_custodial(context, module_address(NAME))
    state = context.state
    PARAMS.set(state, None, genesis.params)
    for track in genesis.tracks:
        TRACKS.set(state, track.id, track)
    if genesis.last_number:
        LAST_NUMBER.set(state, None, Counter(value=genesis.last_number))
    for each in genesis.proposals:
        _write_proposal(context, each)
    for account, delegations in genesis.delegations:
        DELEGATIONS.set(state, account, delegations)
    for entry in genesis.received:
        RECEIVED.set(state, (entry.track, entry.account), entry.received)
    for track_id, counter in genesis.deciding:
        DECIDING.set(state, track_id, counter)
    if genesis.deposit_totals is not None:
        DEPOSIT_TOTALS.set(state, None, genesis.deposit_totals)


def export_genesis(state: StateReader) -> GovernanceGenesis:
    """Return the section that recreates this state."""
    last = LAST_NUMBER.get(state, None)
    return GovernanceGenesis(
        tracks=tuple(track for _, track in TRACKS.iterate(state)),
        params=PARAMS.require(state, None),
        last_number=0 if last is None else last.value,
        proposals=tuple(_exported(state, reference.proposal) for _, reference in NUMBERS.iterate(state)),
        delegations=tuple(DELEGATIONS.iterate(state)),
        received=tuple(
            GenesisReceived(track=track, account=account, received=received)
            for (track, account), received in RECEIVED.iterate(state)
        ),
        deciding=tuple(DECIDING.iterate(state)),
        deposit_totals=DEPOSIT_TOTALS.get(state, None),
    )


def _write_proposal(context: Context, exported: GenesisProposal) -> None:
    state, proposal = context.state, exported.proposal
    PROPOSALS.set(state, proposal.id, proposal)
    NUMBERS.set(state, proposal.number, ProposalReference(proposal=proposal.id))
    ACTIONS.set(state, proposal.id, exported.actions)
    if exported.tally is not None:
        TALLIES.set(state, proposal.id, exported.tally)
    for voter, ballot in exported.ballots:
        BALLOTS.set(state, (proposal.id, voter), ballot)
    for depositor, part in exported.deposits:
        DEPOSITS.set(state, (proposal.id, depositor), part)
    if proposal.phase == "queued":
        QUEUE.set(state, (proposal.track.id, proposal.number), ProposalReference(proposal=proposal.id))
    if exported.settlement is not None:
        SETTLEMENTS.set(state, proposal.id, exported.settlement)
        context.schedule(exported.settlement.due, NAME, settlement_item(proposal.id))
    if proposal.phase in BEFORE_DECISION_ENDS:
        hold(context, proposal.snapshot_height)
        enter(state, proposal)
    if proposal.due is not None:
        context.schedule(proposal.due, NAME, proposal.id)


def _exported(state: StateReader, proposal: ProposalId) -> GenesisProposal:
    return GenesisProposal(
        proposal=PROPOSALS.require(state, proposal),
        actions=ACTIONS.require(state, proposal),
        tally=TALLIES.get(state, proposal),
        ballots=tuple((key[1], ballot) for key, ballot in BALLOTS.iterate(state, prefix=proposal)),
        deposits=tuple((key[1], part) for key, part in DEPOSITS.iterate(state, prefix=proposal)),
        settlement=SETTLEMENTS.get(state, proposal),
    )


def _check_params(params: GovernanceParams) -> None:
    _check_range(params.deposit_period, low=1, high=MAX_PERIOD_MS, path=".params.deposit_period", unit=" ms")
    _check_range(
        params.execution_gas, low=MIN_EXECUTION_GAS, high=MAX_EXECUTION_GAS, path=".params.execution_gas", unit=" gas"
    )
    _check_range(params.cancel_burn, low=0, high=BPS_MAX, path=".params.cancel_burn", unit=" basis points")


def _check_tracks(tracks: tuple[Track, ...]) -> None:
    first_place: dict[int | str, int] = {}
    for place, track in enumerate(tracks):
        path = f".tracks[{place}]"
        for field, value in (("id", track.id), ("name", track.name)):
            if value in first_place:
                raise ValueError(f"{path}.{field}: {value!r} is that of .tracks[{first_place[value]}] too")
            first_place[value] = place
        _check_track(track, path=path)


def _check_track(track: Track, *, path: str) -> None:
    if not 1 <= len(track.name) <= 64:
        raise ValueError(f"{path}.name: expected 1 to 64 characters, got {len(track.name)}")
    position = find_hidden(track.name)
    if position is not None:
        raise ValueError(
            f"{path}.name: character {position + 1} is U+{ord(track.name[position]):04X}, which is not shown as it is"
        )
    if _ORIGIN.fullmatch(track.origin) is None:
        raise ValueError(f"{path}.origin: expected a letter a-z, then at most 31 of a-z 0-9 _ -, got {track.origin!r}")
    _check_range(track.max_deciding, low=1, high=2**16 - 1, path=f"{path}.max_deciding", unit="")
    if track.decision_deposit < track.submission_deposit:
        raise ValueError(
            f"{path}.decision_deposit: expected at least the submission deposit of {track.submission_deposit}, "
            f"which it includes, got {track.decision_deposit}"
        )
    periods = (
        ("prepare", track.prepare, 0),
        ("decision", track.decision, 1),
        ("confirm", track.confirm, 0),
        ("enactment", track.enactment, 0),
        ("grace", track.grace, 1),
    )
    for name, period_ms, least in periods:
        _check_range(period_ms, low=least, high=MAX_PERIOD_MS, path=f"{path}.{name}", unit=" ms")
    _check_range(track.quorum, low=0, high=BPS_MAX, path=f"{path}.quorum", unit=" basis points")
    _check_curve(track.approval, path=f"{path}.approval")
    _check_curve(track.support, path=f"{path}.support")
    assets = [cap.asset for cap in track.spend_caps]
    for place, asset in enumerate(assets):
        if asset in assets[:place]:
            raise ValueError(f"{path}.spend_caps[{place}].asset: {asset!r} has a cap already")


def _check_curve(curve: Curve, *, path: str) -> None:
    for name, share in (("start", curve.start), ("end", curve.end)):
        _check_range(share, low=0, high=BPS_MAX, path=f"{path}.{name}", unit=" basis points")
    if curve.kind == "constant" and curve.start != curve.end:
        raise ValueError(f"{path}.end: a constant threshold ends where it starts, at {curve.start}, got {curve.end}")
    if curve.end > curve.start:
        raise ValueError(f"{path}.end: a threshold never rises: expected at most {curve.start}, got {curve.end}")


def _check_range(value: int, *, low: int, high: int, path: str, unit: str) -> None:
    if not low <= value <= high:
        raise ValueError(f"{path}: expected {low} to {high}{unit}, got {value}")
