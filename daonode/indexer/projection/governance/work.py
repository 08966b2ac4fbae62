"""What one block changes of proposals: opened at the first event that names one, written once at the block's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec.structs import replace

from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.identity import member_count
from daonode.indexer.projection.progress import load, save
from daonode.ledger.registry import Registry
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.rules import status_at, turnout
from daonode.modules.governance.types import ENDED, Proposal, ProposalId, Tally
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address
from daonode.primitives.units import BPS_MAX
from daonode.stores.rows import MoveRow, PointRow, ProposalRow
from daonode.stores.tables import MEMBERS, MOVES, POINTS, PROPOSALS

NAME: Final = "governance"
_LIVE: Final = b"live"
_COUNTS: Final = b"counts"
_OPEN_STATUSES: Final = ("deciding", "confirming")


class ProposalProgress(Record, frozen=True):
    """A proposal as the chain keeps it, its tally, and how many ballots there are."""

    proposal: Proposal
    tally: Tally
    voters: U64


class LiveProposals(Record, frozen=True):
    """Proposals that are not over, in the order of their submission."""

    proposals: tuple[ProposalId, ...]


class StatusCounts(Record, frozen=True):
    """How many proposals have each status, by its name."""

    counts: tuple[tuple[str, U64], ...]


class Action(msgspec.Struct, frozen=True):
    """A call in JSON: its type, and the JSON form of its message."""

    type: str
    value: object


@dataclass(slots=True)
class OpenProposal:
    """A proposal that this block changes. `before` is the tally before the ballot whose consequences are being told."""

    proposal: Proposal
    tally: Tally
    voters: int
    before: Tally | None = None


@dataclass(slots=True)
class GovernanceWork:
    """One block."""

    draft: Draft
    registry: Registry
    height: int
    time_ms: int
    texts: Mapping[ProposalId, SubmitProposal]
    _open: dict[ProposalId, OpenProposal] = field(default_factory=dict)

    def open(self, proposal: ProposalId) -> OpenProposal:
        """A proposal, to be changed."""
        found = self._open.get(proposal)
        if found is None:
            progress = self._progress(proposal)
            found = self._open[proposal] = OpenProposal(progress.proposal, progress.tally, progress.voters)
        return found

    def add(self, proposal: Proposal, row: ProposalRow) -> None:
        """A new proposal with its row, which has no status yet."""
        self._open[proposal.id] = OpenProposal(proposal, Tally(), 0)
        self.draft.put(PROPOSALS, row)
        _save_live(self.draft, (*_live(self.draft), proposal.id))

    def count_for_member(self, account: Address, *, votes: int = 0, proposals: int = 0) -> None:
        """Count what a member did, where the account is or was one."""
        row = self.draft.get(MEMBERS, account)
        if row is not None:
            self.draft.put(
                MEMBERS,
                replace(
                    row,
                    votes_cast=max(row.votes_cast + votes, 0),
                    proposals_made=row.proposals_made + proposals,
                ),
            )

    def finish(self, *, first_position: int) -> None:
        """Write every proposal that an event or time has changed, and its move where its status is another one."""
        live = _live(self.draft)
        position = first_position
        ended = False
        for proposal in live:
            opened = self._open.get(proposal)
            progress = (
                self._progress(proposal)
                if opened is None
                else ProposalProgress(opened.proposal, opened.tally, opened.voters)
            )
            row = self.draft.get(PROPOSALS, proposal)
            assert row is not None, "a proposal has its row from its first block on"
            status = status_at(progress.proposal, progress.tally, now_ms=self.time_ms)
            if opened is not None:
                save(self.draft, NAME, proposal, progress)
            if opened is not None or status != row.status:
                self.draft.put(PROPOSALS, with_progress(row, progress, status=status, height=self.height))
            if status != row.status:
                self._move(row, progress, status=status, position=position)
                position += 1
            ended = ended or progress.proposal.phase in ENDED
        if ended:
            _save_live(self.draft, tuple(each for each in live if self._progress(each).proposal.phase not in ENDED))

    def _progress(self, proposal: ProposalId) -> ProposalProgress:
        progress = load(self.draft, NAME, proposal, ProposalProgress)
        assert progress is not None, "a proposal is submitted before anything else happens to it"
        return progress

    def _move(self, row: ProposalRow, progress: ProposalProgress, *, status: str, position: int) -> None:
        self.draft.put(MOVES, MoveRow(row.id, self.height, position, self.time_ms, row.status, status))
        counts = load(self.draft, NAME, _COUNTS, StatusCounts)
        changed = dict(() if counts is None else counts.counts)
        for name, change in ((row.status, -1), (status, 1)):
            if name:
                changed[name] = changed.get(name, 0) + change
                self._put_point("proposals", name, changed[name])
        save(self.draft, NAME, _COUNTS, StatusCounts(tuple(sorted(changed.items()))))
        if row.status in _OPEN_STATUSES and status not in _OPEN_STATUSES:
            cast = turnout(progress.tally) * BPS_MAX
            self._put_point("turnout", str(row.number), cast // max(row.electorate_power, 1))
            members = member_count(self.draft)
            voters = min(progress.voters, members)
            self._put_point("participation", str(row.number), voters * BPS_MAX // max(members, 1))

    def _put_point(self, series: str, label: str, value: int) -> None:
        self.draft.put(POINTS, PointRow(series, label, self.time_ms, self.height, value))


def with_progress(row: ProposalRow, progress: ProposalProgress, *, status: str, height: int) -> ProposalRow:
    """A row with everything that may change of a proposal."""
    proposal, tally = progress.proposal, progress.tally
    return replace(
        row,
        status=status,
        yes=tally.yes,
        no=tally.no,
        abstain=tally.abstain,
        voters=progress.voters,
        deposit=proposal.deposit,
        decision_starts_ms=proposal.decision_starts,
        decision_ends_ms=proposal.decision_ends,
        passing_since_ms=tally.passing_since,
        timelock_ends_ms=proposal.timelock_ends,
        grace_ends_ms=proposal.grace_ends,
        ended_at_ms=proposal.ended_at,
        next_change_ms=proposal.due,
        failure=None if proposal.failure is None else proposal.failure.describe(),
        updated_height=height,
    )


def actions_in(draft: Draft, proposal: ProposalId) -> list[Action]:
    """The calls of a proposal as its row shows them."""
    row = draft.get(PROPOSALS, proposal)
    return [] if row is None else msgspec.json.decode(row.actions, type=list[Action])


def _live(draft: Draft) -> tuple[ProposalId, ...]:
    found = load(draft, NAME, _LIVE, LiveProposals)
    return () if found is None else found.proposals


def _save_live(draft: Draft, proposals: tuple[ProposalId, ...]) -> None:
    save(draft, NAME, _LIVE, LiveProposals(proposals))
