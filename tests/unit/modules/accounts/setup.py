"""A chain with the accounts module and a few funded people."""

from dataclasses import dataclass, field

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import KeyPolicy
from daonode.primitives.ids import Address, AssetId, ValidatorId
from daonode.primitives.units import Amount, Bps
from tests.unit.modules.chain import PROPOSER, Chain, address, key

DAO = AssetId("dao")
GOLD = AssetId("gold")  # Carries votes.
USD = AssetId("usd")  # Does not.


def person(name: str) -> Address:
    """The account of the one key of that name."""
    return account_id(KeyPolicy(key(name)))


ALICE, BOB, CAROL = person("alice"), person("bob"), person("carol")
PAYOUT = address("payout")


@dataclass
class Payouts:
    """Pays the proposer of every test block to one account."""

    def payout_account(self, state: StateReader, validator: ValidatorId, /) -> Address | None:
        return PAYOUT if validator == PROPOSER else None


@dataclass
class Watcher:
    """Remembers every change of power, and the power that they add up to."""

    changes: list[tuple[str, Address, int, int]] = field(default_factory=list)

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        self.changes.append((source, account, before, after))


def balances(**amounts: int) -> tuple[GenesisBalance, ...]:
    return tuple(GenesisBalance(asset=AssetId(name), amount=Amount(amount)) for name, amount in amounts.items())


def genesis(*, native_votes: bool = True, proposer_fee_bps: int = 2_500) -> AccountsGenesis:
    return AccountsGenesis(
        assets=(
            GenesisAsset(id=DAO, decimals=6, native=True, votes=native_votes),
            GenesisAsset(id=GOLD, decimals=0, votes=True),
            GenesisAsset(id=USD, decimals=2),
        ),
        accounts=(
            GenesisAccount(address=ALICE, balances=balances(dao=1_000, gold=10, usd=500)),
            GenesisAccount(address=BOB, balances=balances(dao=200, gold=5)),
        ),
        proposer_fee_bps=Bps(proposer_fee_bps),
    )


def start(module: AccountsModule, section: AccountsGenesis | None = None) -> Chain:
    return Chain([module]).genesis({"accounts": section or genesis()})
