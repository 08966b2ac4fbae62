"""What senders do wrong here. Codes 2000 to 2999, never reused."""

from daonode.ledger.errors import NotFound, TransactionError
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, AssetId


class InsufficientBalance(TransactionError):
    """An account holds less than it would give."""

    code = 2000
    reason = "insufficient_balance"

    def __init__(self, *, account: Address, asset: AssetId, held: int, needed: int) -> None:
        super().__init__(
            f"{encode_account(account)} holds {held} {asset}, this needs {needed}",
            hint=f"give at most {held}, or fund the account with {needed - held} more",
        )
        self.account = account
        self.asset = asset
        self.held = held
        self.needed = needed


class UnknownAsset(NotFound):
    """No asset has this id."""

    code = 2001
    reason = "unknown_asset"

    def __init__(self, *, asset: AssetId) -> None:
        super().__init__(f"there is no asset {asset!r}", hint="the query accounts assets lists them")
        self.asset = asset


class AmountIsZero(TransactionError):
    """A movement of nothing."""

    code = 2002
    reason = "amount_is_zero"

    def __init__(self) -> None:
        super().__init__("the amount is 0", hint="give at least 1 base unit")


class InvalidPolicy(TransactionError):
    """A policy that nobody, or not its members alone, could satisfy."""

    code = 2003
    reason = "invalid_policy"


class AccountExists(TransactionError):
    """The account of this policy is registered already."""

    code = 2004
    reason = "account_exists"

    def __init__(self, *, account: Address) -> None:
        super().__init__(f"{encode_account(account)} has a policy", hint="use it, or change it by SetPolicy")
        self.account = account


class NoPolicy(TransactionError):
    """An account that no key controls cannot be given one: it is a module's, or an origin of governance."""

    code = 2005
    reason = "no_policy"

    def __init__(self, *, account: Address) -> None:
        super().__init__(
            f"{encode_account(account)} has no policy to replace",
            hint="an account replaces its own policy, in a transaction of its own",
        )
        self.account = account


class AssetExists(TransactionError):
    """An asset with this id was issued already."""

    code = 2006
    reason = "asset_exists"

    def __init__(self, *, asset: AssetId) -> None:
        super().__init__(f"there is an asset {asset!r} already", hint="choose another id")
        self.asset = asset


class SupplyExceeded(TransactionError):
    """A supply that 64 bits cannot hold."""

    code = 2007
    reason = "supply_exceeded"

    def __init__(self, *, asset: AssetId, supply: int, amount: int, most: int) -> None:
        super().__init__(
            f"{amount} more of {asset} on a supply of {supply} is above {most}", hint=f"mint at most {most - supply}"
        )
        self.asset = asset
        self.supply = supply
        self.amount = amount
