"""Why the treasury refuses a message. Codes are from 4000 on and never reused."""

from __future__ import annotations

from daonode.ledger.errors import NotFound, TransactionError


class TreasuryError(TransactionError):
    """Root of the treasury's errors."""

    code = 4000
    reason = "treasury_error"


class NotApproved(TreasuryError):
    """Only the actions of an executed proposal with the right origin may do this."""

    code = 4001
    reason = "not_approved"


class UnknownSpend(TreasuryError, NotFound):
    """No spend has this number."""

    code = 4002
    reason = "unknown_spend"


class InvalidSpend(TreasuryError):
    """A spend's asset, amount or times make no payment."""

    code = 4003
    reason = "invalid_spend"


class SpendCapExceeded(TreasuryError):
    """The proposal would commit more of an asset than its track allows, over all its actions."""

    code = 4004
    reason = "spend_cap_exceeded"


class AboveOutflowLimit(TreasuryError):
    """One spend is more than the outflow limit allows in a whole window: it could never be paid."""

    code = 4005
    reason = "above_outflow_limit"


class OutflowExhausted(TreasuryError):
    """The outflow limit does not allow the spend yet; it stays in the queue."""

    code = 4006
    reason = "outflow_exhausted"


class NotPayable(TreasuryError):
    """The spend is not due, or has ended."""

    code = 4007
    reason = "not_payable"


class InvalidLimit(TreasuryError):
    """A window is too short or too long."""

    code = 4008
    reason = "invalid_limit"


class InsufficientFunds(TreasuryError):
    """The treasury holds less than the spend."""

    code = 4009
    reason = "insufficient_funds"
