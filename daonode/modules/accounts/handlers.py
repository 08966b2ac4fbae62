"""One function for each message: who may, then what the keeper does."""

from collections.abc import Mapping

import msgspec

from daonode.ledger.context import Context
from daonode.ledger.errors import Unauthorised
from daonode.ledger.module import Handler
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.ledger.typed import handles
from daonode.modules.accounts.errors import AccountExists, InvalidPolicy, NoPolicy
from daonode.modules.accounts.events import AccountCreated, PolicySet
from daonode.modules.accounts.keeper import AccountsKeeper
from daonode.modules.accounts.messages import Burn, CreateAccount, IssueAsset, Mint, SetPolicy, Transfer
from daonode.modules.accounts.policies import account_id, check_policy
from daonode.modules.accounts.types import AccountMember, ThresholdPolicy
from daonode.primitives.codec import Record


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: AccountsKeeper) -> None:
        self._keeper = keeper

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {
            Transfer: handles(Transfer, self.transfer),
            CreateAccount: handles(CreateAccount, self.create_account),
            SetPolicy: handles(SetPolicy, self.set_policy),
            Burn: handles(Burn, self.burn),
            IssueAsset: handles(IssueAsset, self.issue_asset),
            Mint: handles(Mint, self.mint),
        }

    def transfer(self, context: Context, message: Transfer) -> None:
        """The caller gives what it holds."""
        self._keeper.transfer(
            context,
            source=context.caller,
            destination=message.destination,
            asset=message.asset,
            amount=message.amount,
        )

    def create_account(self, context: Context, message: CreateAccount) -> None:
        """Anyone registers a policy under its own id."""
        check_policy(message.policy)
        address = account_id(message.policy)
        account = self._keeper.account(context.state, address)
        if account.policy is not None:
            raise AccountExists(account=address)
        self._keeper.store(context, address, msgspec.structs.replace(account, policy=message.policy))
        context.emit(AccountCreated(account=address, policy=message.policy))

    def set_policy(self, context: Context, message: SetPolicy) -> None:
        """The caller replaces its own policy."""
        check_policy(message.policy)
        account = self._keeper.account(context.state, context.caller)
        # The accounts of modules and of governance origins have none, and must stay out of reach of any key.
        if account.policy is None:
            raise NoPolicy(account=context.caller)
        members = message.policy.members if isinstance(message.policy, ThresholdPolicy) else ()
        if any(isinstance(member, AccountMember) and member.account == context.caller for member in members):
            raise InvalidPolicy("the account names itself as a member", hint="name its keys instead")
        self._keeper.store(context, context.caller, msgspec.structs.replace(account, policy=message.policy))
        context.emit(PolicySet(account=context.caller, policy=message.policy))

    def burn(self, context: Context, message: Burn) -> None:
        """The caller destroys what it holds."""
        self._keeper.burn(context, account=context.caller, asset=message.asset, amount=message.amount)

    def issue_asset(self, context: Context, message: IssueAsset) -> None:
        """The root origin begins an asset."""
        _require_root(context, "issue an asset")
        self._keeper.issue(context, asset=message.asset, decimals=message.decimals, votes=message.votes)

    def mint(self, context: Context, message: Mint) -> None:
        """The root origin makes more of an asset."""
        _require_root(context, "mint")
        self._keeper.mint(context, destination=message.destination, asset=message.asset, amount=message.amount)


def _require_root(context: Context, action: str) -> None:
    if context.caller != ROOT_ADDRESS:
        raise Unauthorised(
            f"only the root origin may {action}", hint="put this message into a proposal on a track with that origin"
        )
