"""How a proposal comes to be and moves.

The events say every change of a proposal's state, so the module's own records are rebuilt from them, and its rules,
asked about these, say at every block what the chain itself would answer.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from daonode.indexer.projection.governance.work import GovernanceWork
from daonode.indexer.projection.interface import Moment, on
from daonode.indexer.projection.json_text import json_text, read_json_text
from daonode.ledger.registry import Registry
from daonode.ledger.shown import message_of, shown
from daonode.ledger.transactions import Call
from daonode.modules.governance.events import Deposited, ProposalMoved, ProposalSubmitted
from daonode.modules.governance.rules import quorum_power
from daonode.modules.governance.types import ENDED, Proposal, Track
from daonode.primitives.json_form import Json, from_json
from daonode.primitives.units import Amount, TimeMs
from daonode.stores.rows import ProposalRow
from daonode.stores.tables import TRACKS


def make_row(proposal: Proposal, *, body: str, actions: str, height: int, tx_id: bytes | None) -> ProposalRow:
    """The row of a proposal before its progress is written to it; `actions` is JSON, the status is still to be said."""
    track = proposal.track
    return ProposalRow(
        id=proposal.id,
        number=proposal.number,
        status="",
        title=proposal.title,
        body=body,
        text_hash=proposal.text_hash,
        proposer=proposal.proposer,
        track=track.id,
        track_name=track.name,
        kind=proposal.kind,
        actions=actions,
        yes=0,
        no=0,
        abstain=0,
        voters=0,
        electorate_power=proposal.electorate_power,
        quorum_power=quorum_power(track, proposal.electorate_power),
        approval=json_text(track.approval),
        support=json_text(track.support),
        deposit=proposal.deposit,
        decision_deposit=track.decision_deposit,
        snapshot_height=proposal.snapshot_height,
        submitted_at_ms=proposal.submitted_at,
        submitted_height=height,
        tx_id=tx_id,
        decision_starts_ms=None,
        decision_ends_ms=None,
        passing_since_ms=None,
        timelock_ends_ms=None,
        grace_ends_ms=None,
        ended_at_ms=None,
        next_change_ms=None,
        failure=None,
        updated_height=height,
    )


def actions_text(registry: Registry, calls: tuple[Call, ...]) -> str:
    """Calls as JSON."""
    actions: list[Json] = [
        {"type": call.type, "value": shown(message_of(registry, call), body=call.body)} for call in calls
    ]
    return json_text(actions)


def _on_submitted(work: GovernanceWork, moment: Moment, event: ProposalSubmitted) -> None:
    track_row = work.draft.get(TRACKS, event.track)
    assert track_row is not None, "a proposal is put to a track that exists"
    track = from_json(read_json_text(track_row.rules), Track)
    proposal = Proposal(
        id=event.proposal,
        number=event.number,
        proposer=event.proposer,
        track=replace(track, decision_deposit=event.decision_deposit),
        kind=event.kind,
        title=event.title,
        text_hash=event.text_hash,
        enactment=event.enactment,
        snapshot_height=event.snapshot_height,
        electorate_power=event.electorate_power,
        phase="deposit",
        deposit=Amount(0),
        submitted_at=TimeMs(moment.time_ms),
    )
    message = work.texts.get(event.proposal)
    row = make_row(
        proposal,
        body="" if message is None else message.body,
        actions=actions_text(work.registry, () if message is None else message.actions),
        height=moment.height,
        tx_id=moment.tx_id,
    )
    work.add(proposal, row)
    work.count_for_member(event.proposer, proposals=1)


def _on_deposited(work: GovernanceWork, _: Moment, event: Deposited) -> None:
    opened = work.open(event.proposal)
    opened.proposal = replace(opened.proposal, deposit=Amount(opened.proposal.deposit + event.amount))


def _on_moved(work: GovernanceWork, moment: Moment, event: ProposalMoved) -> None:
    opened = work.open(event.proposal)
    opened.proposal = _moved(opened.proposal, event, time_ms=TimeMs(moment.time_ms))


def _moved(proposal: Proposal, event: ProposalMoved, *, time_ms: TimeMs) -> Proposal:
    """The proposal in another phase, or with another deadline, with the times that follow from the move."""
    due = event.due
    after = replace(proposal, phase=event.after, due=due, failure=event.failure)
    if event.after == "deciding" and event.before != "deciding":
        return replace(after, decision_starts=time_ms, decision_ends=due)
    if event.after == "timelocked" and due is not None:
        return replace(after, timelock_ends=due, grace_ends=TimeMs(due + proposal.track.grace))
    if event.after == "execution_failed":
        return replace(after, grace_ends=due)
    if event.after in ENDED:
        return replace(after, ended_at=time_ms)
    return after


PROPOSAL_HANDLERS: Final = dict(
    (on(ProposalSubmitted, _on_submitted), on(Deposited, _on_deposited), on(ProposalMoved, _on_moved))
)
