"""Why governance refuses a message. Codes are from 3000 on and never reused."""

from __future__ import annotations

from daonode.ledger.errors import NotFound, TransactionError


class GovernanceError(TransactionError):
    """Root of governance's errors."""

    code = 3000
    reason = "governance_error"


class UnknownTrack(GovernanceError, NotFound):
    """No track has this number."""

    code = 3001
    reason = "unknown_track"


class UnknownProposal(GovernanceError, NotFound):
    """No proposal has this id or number."""

    code = 3002
    reason = "unknown_proposal"


class InvalidProposal(GovernanceError):
    """A proposal's text, actions or timelock are not what its track takes."""

    code = 3003
    reason = "invalid_proposal"


class DepositTooLow(GovernanceError):
    """The deposit is below what the track asks for."""

    code = 3004
    reason = "deposit_too_low"


class DepositNotTaken(GovernanceError):
    """The proposal takes no deposit, or none from another account, now."""

    code = 3005
    reason = "deposit_not_taken"


class NotProposer(GovernanceError):
    """Only the proposer may do this."""

    code = 3006
    reason = "not_proposer"


class VotingClosed(GovernanceError):
    """The proposal is not being decided at this block's time."""

    code = 3007
    reason = "voting_closed"


class NoPower(GovernanceError):
    """The account had no power on this track at the proposal's snapshot, or is not of its electorate."""

    code = 3008
    reason = "no_power"


class NoVote(GovernanceError):
    """The account has no ballot to take back."""

    code = 3009
    reason = "no_vote"


class InvalidDelegation(GovernanceError):
    """A delegation to oneself, in a circle, to the present delegate again, or one that is not there."""

    code = 3010
    reason = "invalid_delegation"


class NotCancellable(GovernanceError):
    """The proposal's decision has ended."""

    code = 3011
    reason = "not_cancellable"


class NotExecutable(GovernanceError):
    """The proposal is not ready: not approved, still locked, executed or expired."""

    code = 3012
    reason = "not_executable"


class ExecutionChanged(GovernanceError):
    """The actions changed the proposal that they belong to, or an execution began inside another."""

    code = 3013
    reason = "execution_changed"


class InvalidText(GovernanceError):
    """A text is longer than allowed, or a title has characters that hide or move other text."""

    code = 3014
    reason = "invalid_text"


class AlreadyProposing(GovernanceError):
    """The account has a live proposal on the track."""

    code = 3015
    reason = "already_proposing"
