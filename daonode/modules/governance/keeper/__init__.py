"""The only access to governance's state.

`GovernanceKeeper` is what handlers, queries and other modules use; each file beside this one keeps one thing: deposits,
delegations, polls, execution, and the lifecycle that ties them.
"""

from __future__ import annotations

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS, hold, live
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import DepositNotTaken, UnknownProposal, UnknownTrack
from daonode.modules.governance.events import ProposalSubmitted
from daonode.modules.governance.expected import AccountsKeeper, IdentityKeeper
from daonode.modules.governance.keeper.delegations import DelegationBook
from daonode.modules.governance.keeper.deposits import HOLDER, SETTLEMENT_PREFIX, Deposits
from daonode.modules.governance.keeper.execution import running
from daonode.modules.governance.keeper.lifecycle import Lifecycle
from daonode.modules.governance.keeper.live_proposals import check_may_propose, enter, with_deposits_due
from daonode.modules.governance.keeper.polls import Polls, tally_of
from daonode.modules.governance.keeper.sources import Sources
from daonode.modules.governance.keys import ACTIONS, LAST_NUMBER, NUMBERS, PROPOSALS, TRACKS
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.rules import status_at
from daonode.modules.governance.types import (
    Choice,
    Counter,
    Execution,
    Proposal,
    ProposalActions,
    ProposalId,
    ProposalIdentity,
    ProposalNumber,
    ProposalReference,
    Track,
    TrackId,
    proposal_id,
    text_hash,
)
from daonode.primitives.ids import HASH_BYTES, Address
from daonode.primitives.units import Amount, DurationMs, TimeMs

__all__ = ["HOLDER", "GovernanceKeeper", "tally_of"]


class GovernanceKeeper:
    """Tracks, proposals, ballots and delegations."""

    def __init__(self, accounts: AccountsKeeper, identity: IdentityKeeper) -> None:
        self.sources = Sources(accounts, identity)
        self.delegations = DelegationBook(self.sources)
        self.polls = Polls(self.sources, self.delegations)
        self._deposits = Deposits(accounts)
        self._lifecycle = Lifecycle(self._deposits)

    def execution(self, context: Context) -> Execution | None:
        """The approved execution on whose behalf this context's caller acts, or None.

        None also while one runs, for calls that another account makes inside it.
        """
        execution = running(context.state)
        return execution if execution is not None and execution.caller == context.caller else None

    def track(self, state: StateReader, track: TrackId) -> Track:
        """The track as it is now, or raise `UnknownTrack`."""
        found = TRACKS.get(state, track)
        if found is None:
            raise UnknownTrack(f"there is no track {track}", hint="the query `governance tracks` lists them")
        return found

    def track_for_submission(self, state: StateReader, track: TrackId) -> Track:
        """The track with the deposits that the next proposal on it has to make, or raise `UnknownTrack`."""
        return with_deposits_due(state, self.track(state, track))

    def proposal(self, state: StateReader, proposal: ProposalId) -> Proposal:
        """The proposal, or raise `UnknownProposal`."""
        found = PROPOSALS.get(state, proposal)
        if found is None:
            raise UnknownProposal(f"there is no proposal 0x{proposal.hex()}")
        return found

    def submit(self, context: Context, message: SubmitProposal, *, track: Track) -> Proposal:
        """Record a proposal whose fields were checked, take its deposit and begin its life.

        `track` is what `track_for_submission` gives: its rules and the deposits due are frozen in the proposal.

        Raises:
            AlreadyProposing: the caller has a live proposal on the track.
            TransactionError: the deposit cannot be paid.
        """
        state, block = context.state, context.block
        check_may_propose(state, track=track.id, proposer=context.caller)
        last = LAST_NUMBER.get(state, None)
        number = ProposalNumber(1 if last is None else last.value + 1)
        snapshot_height = _snapshot_height(context)
        identity = ProposalIdentity(
            chain_id=block.chain_id,
            sender=context.sender,
            lane=context.lane,
            sequence=context.sequence,
            message_index=context.message_index,
        )
        proposal = Proposal(
            id=proposal_id(identity),
            number=number,
            proposer=context.caller,
            track=track,
            kind=message.kind,
            title=message.title,
            text_hash=text_hash(title=message.title, body=message.body),
            enactment=track.enactment if message.enactment is None else DurationMs(message.enactment),
            snapshot_height=snapshot_height,
            electorate_power=self.sources.of_track(state, track).total_power_at(state, height=snapshot_height),
            phase="deposit",
            deposit=message.deposit,
            submitted_at=TimeMs(block.time_ms),
        )
        hold(context, snapshot_height)
        enter(state, proposal)
        LAST_NUMBER.set(state, None, Counter(value=number))
        NUMBERS.set(state, number, ProposalReference(proposal=proposal.id))
        ACTIONS.set(state, proposal.id, ProposalActions(calls=message.actions))
        context.emit(_submitted(proposal, actions=len(message.actions)))
        self._deposits.take(context, proposal=proposal.id, depositor=context.caller, amount=message.deposit)
        return self._lifecycle.begin(context, proposal)

    def deposit(self, context: Context, *, proposal: Proposal, amount: Amount) -> None:
        """Add to a proposal's deposit, or raise `DepositNotTaken` where it is complete or its time is over."""
        status = status_at(proposal, tally_of(context.state, proposal), now_ms=context.block.time_ms)
        if status != "deposit" or amount == 0:
            raise DepositNotTaken(
                f"proposal {proposal.number} is {status}; a deposit of {amount} changes nothing",
                hint="a deposit above 0 is taken while the status is `deposit`",
            )
        self._deposits.take(context, proposal=proposal.id, depositor=context.caller, amount=amount)
        self._lifecycle.begin(context, replace(proposal, deposit=Amount(proposal.deposit + amount)))

    def cancel(self, context: Context, *, proposal: Proposal) -> None:
        """End a proposal before its decision ends, or raise `NotCancellable`."""
        self._lifecycle.cancel(context, proposal)

    def vote(self, context: Context, *, proposal: Proposal, choice: Choice, reason: str) -> None:
        """Cast or change the caller's ballot; see `Polls.cast` for what it raises."""
        self.polls.cast(context, proposal=proposal, voter=context.caller, choice=choice, reason=reason)
        self._lifecycle.close_if_lost(context, proposal)

    def remove_vote(self, context: Context, *, proposal: Proposal) -> None:
        """Take the caller's ballot back; see `Polls.remove` for what it raises."""
        self.polls.remove(context, proposal=proposal, voter=context.caller)
        self._lifecycle.close_if_lost(context, proposal)

    def execute(self, context: Context, *, proposal: Proposal) -> None:
        """Run a ready proposal's actions; see `Lifecycle.execute` for what it raises."""
        self._lifecycle.execute(context, proposal)

    def on_deadline(self, context: Context, item: bytes) -> None:
        """Do what time has made due: for a proposal by its id, for its deposits with `SETTLEMENT_PREFIX` before it."""
        if item.startswith(SETTLEMENT_PREFIX) and len(item) > HASH_BYTES:
            self._deposits.settle_next(context, ProposalId(item.removeprefix(SETTLEMENT_PREFIX)))
        else:
            self._advance(context, ProposalId(item))

    def on_power_changed(self, context: Context, *, source: str, account: Address, before: int, after: int) -> None:
        """Keep received power in step with the power of delegators."""
        self.delegations.on_power_changed(context, source=source, account=account, before=before, after=after)

    def _advance(self, context: Context, proposal: ProposalId) -> None:
        found = PROPOSALS.get(context.state, proposal)
        if found is not None:
            self._lifecycle.advance(context, found)


def _snapshot_height(context: Context) -> int:
    """The height before this block; where no more can be held, the latest that is, so that nobody can lock others out.

    An older snapshot is as safe: whoever submits now could have submitted then.
    """
    held = live(context.state)
    newest = context.block.height - 1
    return newest if len(held) < MAX_LIVE_SNAPSHOTS or newest in held else held[-1]


def _submitted(proposal: Proposal, *, actions: int) -> ProposalSubmitted:
    return ProposalSubmitted(
        proposal=proposal.id,
        number=proposal.number,
        proposer=proposal.proposer,
        track=proposal.track.id,
        kind=proposal.kind,
        title=proposal.title,
        text_hash=proposal.text_hash,
        actions=actions,
        snapshot_height=proposal.snapshot_height,
        electorate_power=proposal.electorate_power,
        decision_deposit=proposal.track.decision_deposit,
        enactment=proposal.enactment,
    )
