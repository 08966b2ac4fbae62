"""What a chain begins with: its tracks; where it continues another chain, also proposals, ballots and delegations.

The texts of such proposals are on the other chain: they have their title and its hash here, and no body.
"""

from __future__ import annotations

from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.governance.proposals import actions_text, make_row
from daonode.indexer.projection.governance.work import GovernanceWork
from daonode.indexer.projection.interface import Genesis
from daonode.indexer.projection.json_text import json_text
from daonode.modules.governance.keys import ACTIONS, BALLOTS, DELEGATIONS, NUMBERS, PROPOSALS, TALLIES, TRACKS
from daonode.modules.governance.types import Proposal, Tally, TrackId
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address
from daonode.stores import tables
from daonode.stores.rows import DelegationRow, TrackRow, VoteRow


def write_genesis(genesis: Genesis, draft: Draft) -> None:
    """The rows of the genesis block."""
    state, header = genesis.state, genesis.initial.header
    for _, track in TRACKS.iterate(state):
        draft.put(tables.TRACKS, TrackRow(track.id, track.name, track.weight_fn, json_text(track)))
    for account, delegations in DELEGATIONS.iterate(state):
        for entry in delegations.tracks:
            delegate = entry.past[-1].delegate
            if delegate is not None:
                power = _power(genesis, account, entry.track)
                row = DelegationRow(entry.track, account, delegate, power, header.height)
                draft.put(tables.DELEGATIONS, row)
    work = GovernanceWork(
        draft=draft, registry=genesis.document.registry, height=header.height, time_ms=header.time_ms, texts={}
    )
    ballots = 0
    for _, reference in NUMBERS.iterate(state):
        proposal = PROPOSALS.require(state, reference.proposal)
        ballots = _write_ballots(genesis, draft, proposal, first_position=ballots)
        _write_proposal(genesis, work, proposal)
    work.finish(first_position=ballots)


def _write_proposal(genesis: Genesis, work: GovernanceWork, proposal: Proposal) -> None:
    state = genesis.state
    calls = ACTIONS.require(state, proposal.id).calls
    actions = actions_text(genesis.document.registry, calls)
    row = make_row(proposal, body="", actions=actions, height=work.height, tx_id=None)
    work.add(proposal, row)
    opened = work.open(proposal.id)
    opened.tally = TALLIES.get(state, proposal.id) or Tally()
    opened.voters = sum(ballot.choice is not None for _, ballot in BALLOTS.iterate(state, prefix=proposal.id))


def _write_ballots(genesis: Genesis, draft: Draft, proposal: Proposal, *, first_position: int) -> int:
    """Write the ballots of a proposal, and return the position behind the last."""
    header, position = genesis.initial.header, first_position
    for (_, voter), ballot in BALLOTS.iterate(genesis.state, prefix=proposal.id):
        if ballot.choice is None:
            continue
        row = VoteRow(
            proposal=proposal.id,
            voter=voter,
            proposal_number=proposal.number,
            choice=ballot.choice,
            weight=ballot.weight,
            reason="",
            height=header.height,
            position=position,
            time_ms=header.time_ms,
            tx_id=None,
        )
        draft.put(tables.VOTES, row)
        position += 1
    return position


def _power(genesis: Genesis, account: Address, track: TrackId) -> int:
    """What an account has to delegate, which for a delegation of another chain is what counts here."""
    arguments = {"account": encode_account(account), "track": track}
    answer = genesis.application.query(genesis.state, module="governance", name="voting_power", arguments=arguments)
    assert isinstance(answer, dict), "the query's result is a record"
    return int(str(answer["own"]))
