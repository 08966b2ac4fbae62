"""What is true of this module's state after every block, and after every transaction but for fees on their way."""

from collections.abc import Mapping

from daonode.ledger.history import History, is_well_formed, latest, value_at
from daonode.ledger.module import Invariant
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS, live
from daonode.ledger.state import StateReader
from daonode.ledger.transactions import MAX_LANES
from daonode.modules.accounts.errors import InvalidPolicy
from daonode.modules.accounts.keeper import unrecorded
from daonode.modules.accounts.keys import ACCOUNTS, ASSETS, BALANCES, COLLECTED_FEES, PARAMS, TOTAL_POWER
from daonode.modules.accounts.policies import check_policy
from daonode.modules.accounts.types import EMPTY_ACCOUNT, Account
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, AssetId


def by_name() -> Mapping[str, Invariant]:
    """Return each invariant under its name."""
    return {
        "supply": supply_is_the_sum_of_balances,
        "power": total_power_is_the_sum_of_counted_balances,
        "histories": histories_are_ordered_and_bounded,
        "accounts": accounts_are_sound,
    }


def supply_is_the_sum_of_balances(state: StateReader) -> str | None:
    """Balances and fees on their way sum to the supply of each asset."""
    sums: dict[AssetId, int] = {asset: 0 for asset, _ in ASSETS.iterate(state)}
    for _, _, asset, history in _holdings(state):
        sums[asset] = sums.get(asset, 0) + latest(history)
    collected = COLLECTED_FEES.get(state, None)
    if collected is not None:
        sums[PARAMS.require(state, None).native] += collected.amount
    for asset, total in sums.items():
        entry = ASSETS.get(state, asset)
        if entry is None or entry.supply != total:
            return f"{asset}: balances sum to {total}, the supply is {'none' if entry is None else entry.supply}"
    return None


def total_power_is_the_sum_of_counted_balances(state: StateReader) -> str | None:
    """Total power is what counts and fees on their way; at a live snapshot no more is counted than its total."""
    votes = {asset: entry.votes for asset, entry in ASSETS.iterate(state)}
    counted = [(asset, history) for _, account, asset, history in _holdings(state) if not account.custodial]
    collected = COLLECTED_FEES.get(state, None)
    native = PARAMS.require(state, None).native
    for asset, voting in votes.items():
        found = TOTAL_POWER.get(state, asset)
        total = History(()) if found is None else found.amount
        histories = [history for each, history in counted if each == asset] if voting else []
        now = sum(latest(history) for history in histories)
        now += collected.counted if collected is not None and asset == native else 0
        if now != latest(total):
            return f"{asset}: {now} counts, the total power is {latest(total)}"
        for height in live(state):
            then = sum(value_at(history, height) for history in histories)
            if then > value_at(total, height):
                return f"{asset}: {then} counted at height {height}, the total power was {value_at(total, height)}"
    return None


def histories_are_ordered_and_bounded(state: StateReader) -> str | None:
    """What counts has a history in order and within its bound; what does not has none."""
    votes = {asset: entry.votes for asset, entry in ASSETS.iterate(state)}
    for address, account, asset, history in _holdings(state):
        where = f"{encode_account(address)} {asset}"
        if not votes.get(asset) or account.custodial:
            if history != unrecorded(latest(history)):
                return f"{where}: a history of {len(history.checkpoints)} checkpoints for what does not count"
        elif not is_well_formed(history) or len(history.checkpoints) > MAX_LIVE_SNAPSHOTS + 2:
            return f"{where}: a history of {len(history.checkpoints)} checkpoints, out of order or above its bound"
    return None


def accounts_are_sound(state: StateReader) -> str | None:
    """Lanes have no trailing zeros, policies are sound, no record is empty."""
    for address, account in ACCOUNTS.iterate(state):
        where = encode_account(address)
        if account == EMPTY_ACCOUNT:
            return f"{where}: an empty record"
        if len(account.sequences) > MAX_LANES or (account.sequences and not account.sequences[-1]):
            return f"{where}: sequences {account.sequences}"
        if account.policy is not None:
            try:
                check_policy(account.policy)
            except InvalidPolicy as error:
                return f"{where}: {error}"
    return None


def _holdings(state: StateReader) -> list[tuple[Address, Account, AssetId, History]]:
    native = PARAMS.require(state, None).native
    accounts = dict(ACCOUNTS.iterate(state))
    holdings = [(address, account, native, account.native) for address, account in accounts.items()]
    for (address, asset), balance in BALANCES.iterate(state):
        holdings.append((address, accounts.get(address, EMPTY_ACCOUNT), asset, balance.amount))
    return holdings
