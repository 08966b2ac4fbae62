"""One function a message: the fields are checked and the proposal is found, then the keeper acts for the caller."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.ledger.context import Context
from daonode.ledger.module import Handler
from daonode.ledger.typed import handles
from daonode.modules.governance.errors import DepositTooLow, InvalidProposal, InvalidText, NotProposer
from daonode.modules.governance.keeper import GovernanceKeeper
from daonode.modules.governance.messages import (
    CancelProposal,
    Delegate,
    Deposit,
    Execute,
    RemoveVote,
    SubmitProposal,
    Undelegate,
    Vote,
)
from daonode.modules.governance.params import MAX_PERIOD_MS
from daonode.modules.governance.types import MAX_REASON_BYTES, MAX_TEXT_BYTES, MAX_TITLE_BYTES, Track
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.hidden_text import find_hidden
from daonode.primitives.times import format_duration


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: GovernanceKeeper) -> None:
        self._keeper = keeper

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {
            SubmitProposal: handles(SubmitProposal, self.submit_proposal),
            Deposit: handles(Deposit, self.deposit),
            CancelProposal: handles(CancelProposal, self.cancel_proposal),
            Vote: handles(Vote, self.vote),
            RemoveVote: handles(RemoveVote, self.remove_vote),
            Delegate: handles(Delegate, self.delegate),
            Undelegate: handles(Undelegate, self.undelegate),
            Execute: handles(Execute, self.execute),
        }

    def submit_proposal(self, context: Context, message: SubmitProposal) -> None:
        """Anyone who can pay the submission deposit puts a proposal to a track."""
        track = self._keeper.track_for_submission(context.state, message.track)
        _check_proposal(message, track)
        self._keeper.submit(context, message, track=track)

    def deposit(self, context: Context, message: Deposit) -> None:
        """Anyone adds to a deposit that is not complete."""
        proposal = self._keeper.proposal(context.state, message.proposal)
        self._keeper.deposit(context, proposal=proposal, amount=message.amount)

    def cancel_proposal(self, context: Context, message: CancelProposal) -> None:
        """The proposer takes the proposal back."""
        proposal = self._keeper.proposal(context.state, message.proposal)
        if context.caller != proposal.proposer:
            raise NotProposer(
                f"proposal {proposal.number} is {encode_account(proposal.proposer)}'s to cancel, "
                f"not {encode_account(context.caller)}'s",
                hint="vote no to stop it",
            )
        self._keeper.cancel(context, proposal=proposal)

    def vote(self, context: Context, message: Vote) -> None:
        """Whoever had power at the snapshot casts a ballot, or changes it."""
        _check_text(message.reason, name="reason", most=MAX_REASON_BYTES)
        proposal = self._keeper.proposal(context.state, message.proposal)
        self._keeper.vote(context, proposal=proposal, choice=message.choice, reason=message.reason)

    def remove_vote(self, context: Context, message: RemoveVote) -> None:
        """A voter takes its ballot back."""
        proposal = self._keeper.proposal(context.state, message.proposal)
        self._keeper.remove_vote(context, proposal=proposal)

    def delegate(self, context: Context, message: Delegate) -> None:
        """Anyone names a delegate on a track."""
        track = self._keeper.track(context.state, message.track)
        self._keeper.delegations.delegate(context, track=track, delegator=context.caller, to=message.to)

    def undelegate(self, context: Context, message: Undelegate) -> None:
        """A delegator ends its delegation."""
        track = self._keeper.track(context.state, message.track)
        self._keeper.delegations.undelegate(context, track=track, delegator=context.caller)

    def execute(self, context: Context, message: Execute) -> None:
        """Anyone has a ready proposal's actions run, or what a failed deadline left undone."""
        proposal = self._keeper.proposal(context.state, message.proposal)
        self._keeper.execute(context, proposal=proposal)


def _check_proposal(message: SubmitProposal, track: Track) -> None:
    _check_text(message.title, name="title", most=MAX_TITLE_BYTES)
    _check_text(message.title + message.body, name="title and body together", most=MAX_TEXT_BYTES)
    _check_title(message.title)
    if message.enactment is not None and not track.enactment <= message.enactment <= MAX_PERIOD_MS:
        raise InvalidProposal(
            f"the timelock is {format_duration(message.enactment)}, track {track.id} takes from "
            f"{format_duration(track.enactment)} to {format_duration(MAX_PERIOD_MS)}",
            hint="leave it out for the track's own",
        )
    if message.deposit < track.submission_deposit:
        raise DepositTooLow(
            f"the deposit is {message.deposit}, track {track.id} takes at least {track.submission_deposit} now",
            hint=f"deposit {track.decision_deposit} for the proposal to go on at once",
        )


def _check_title(title: str) -> None:
    """A title stands in lists and terminals: it has something to show, and nothing that hides or moves other text."""
    if not title.strip(" "):
        raise InvalidProposal("the title is empty", hint="say in a line what is proposed")
    position = find_hidden(title)
    if position is not None:
        raise InvalidText(
            f"title: the character U+{ord(title[position]):04X} at position {position} is not shown as it is",
            hint="leave out control, zero-width and direction characters; the body may have them",
        )


def _check_text(text: str, *, name: str, most: int) -> None:
    size = len(text.encode())
    if size > most:
        raise InvalidText(f"{name}: {size} bytes of UTF-8, {most} at most", hint=f"shorten it by {size - most} bytes")
