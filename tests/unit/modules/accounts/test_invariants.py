"""Each invariant finds the damage that it is there to find."""

from collections.abc import Callable

import pytest

from daonode.ledger.history import EMPTY_HISTORY, Checkpoint, History
from daonode.ledger.overlay import Overlay
from daonode.modules.accounts.keys import ACCOUNTS, ASSETS, BALANCES, TOTAL_POWER
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.types import Account, Asset, Balance, ThresholdPolicy, TotalPower
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, DAO, GOLD, USD, start


def past(*pairs: tuple[int, int]) -> History:
    return History(tuple(Checkpoint(height=height, value=value) for height, value in pairs))


def write(address: Address, account: Account) -> Callable[[Overlay], None]:
    return lambda state: ACCOUNTS.set(state, address, account)


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        ("supply", write(CAROL, Account(native=past((0, 1)))), "dao: balances sum to 1201, the supply is 1200"),
        (
            "supply",
            lambda state: ASSETS.set(state, USD, Asset(decimals=2, votes=False, supply=Amount(7))),
            "usd: balances sum to 500, the supply is 7",
        ),
        ("supply", lambda state: ASSETS.delete(state, USD), "usd: balances sum to 500, the supply is none"),
        (
            "power",
            lambda state: TOTAL_POWER.set(state, GOLD, TotalPower(amount=past((0, 14)))),
            "gold: 15 counts, the total power is 14",
        ),
        ("power", lambda state: TOTAL_POWER.delete(state, DAO), "dao: 1200 counts, the total power is 0"),
        (
            "power",
            write(BOB, Account(native=past((0, 900), (1, 200)))),
            "dao: 1900 counted at height 0, the total power was 1200",
        ),
        ("histories", write(BOB, Account(native=past((5, 1), (5, 200)))), "2 checkpoints, out of order"),
        (
            "histories",
            write(BOB, Account(native=past(*((height, height + 1) for height in range(131))))),
            "131 checkpoints, out of order or above its bound",
        ),
        (
            "histories",
            lambda state: BALANCES.set(state, (ALICE, USD), Balance(amount=past((1, 1), (2, 500)))),
            "2 checkpoints for what does not count",
        ),
        ("accounts", write(CAROL, Account()), "an empty record"),
        ("accounts", write(CAROL, Account(sequences=(1, 0))), "sequences (1, 0)"),
        (
            "accounts",
            write(CAROL, Account(policy=ThresholdPolicy(threshold=1, members=()), native=EMPTY_HISTORY)),
            "a threshold policy names 1 to 32 members",
        ),
    ],
)
def test_an_invariant_names_the_damage(name: str, damage: Callable[[Overlay], None], complaint: str) -> None:
    module = AccountsModule()
    chain = start(module)
    chain.hold(0)
    assert not chain.broken_invariants()
    damage(chain.overlay)
    found = chain.broken_invariants()
    assert complaint in found[f"accounts.{name}"]
