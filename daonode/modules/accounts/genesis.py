"""The accounts section of the genesis document: into state, and back."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from daonode.ledger.context import Context
from daonode.ledger.history import EMPTY_HISTORY, Checkpoint, History, is_well_formed, latest
from daonode.ledger.history import record as record_history
from daonode.ledger.state import StateReader
from daonode.ledger.transactions import MAX_LANES
from daonode.modules.accounts.errors import InvalidPolicy
from daonode.modules.accounts.keeper import unrecorded
from daonode.modules.accounts.keys import ACCOUNTS, ASSETS, BALANCES, PARAMS, TOTAL_POWER
from daonode.modules.accounts.params import Decimals, Params
from daonode.modules.accounts.policies import check_policy
from daonode.modules.accounts.types import MAX_ASSETS, Account, Asset, Balance, Policy, TotalPower
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import U64_MAX, Amount, Bps

DEFAULT_PROPOSER_FEE_BPS: Final = Bps(2_000)
T = TypeVar("T", Address, AssetId)


class GenesisAsset(Record, frozen=True):
    """An asset; its supply is the sum of the balances below. Exactly one is `native`."""

    id: AssetId
    decimals: Decimals
    native: bool = False
    votes: bool = False


class GenesisBalance(Record, frozen=True):
    """What an account holds; `history` is its past in an exported chain, ending with `amount`."""

    asset: AssetId
    amount: Amount
    history: tuple[Checkpoint, ...] = ()


class GenesisAccount(Record, frozen=True):
    """An account. `sequences` are the next ones of each lane, not 0 in an exported chain."""

    address: Address
    balances: tuple[GenesisBalance, ...] = ()
    policy: Policy | None = None
    custodial: bool = False
    sequences: tuple[U64, ...] = ()


class GenesisTotalPower(Record, frozen=True):
    """The past of an asset's total power, in an exported chain."""

    asset: AssetId
    history: tuple[Checkpoint, ...]


class AccountsGenesis(Record, frozen=True):
    """The whole section."""

    assets: tuple[GenesisAsset, ...]
    accounts: tuple[GenesisAccount, ...] = ()
    proposer_fee_bps: Bps = DEFAULT_PROPOSER_FEE_BPS
    total_power: tuple[GenesisTotalPower, ...] = ()


def init_genesis(context: Context, genesis: AccountsGenesis) -> None:
    """Write the initial accounts. Raises `ValueError` that names the path within the section."""
    native = _check_assets(genesis)
    by_id = {asset.id: asset for asset in genesis.assets}
    _check_unique(tuple(account.address for account in genesis.accounts), where=".accounts[{}].address")
    supply = dict.fromkeys(by_id, 0)
    power = dict.fromkeys(by_id, 0)
    for index, account in enumerate(genesis.accounts):
        path = f".accounts[{index}]"
        _check_account(account, path=path, native=native, by_id=by_id)
        _write_account(context, account, native=native, by_id=by_id)
        for balance in account.balances:
            supply[balance.asset] += balance.amount
            power[balance.asset] += balance.amount if by_id[balance.asset].votes and not account.custodial else 0
    params = Params(native=native.id, native_votes=native.votes, proposer_fee_bps=genesis.proposer_fee_bps)
    PARAMS.set(context.state, None, params)
    for index, asset in enumerate(genesis.assets):
        if supply[asset.id] > U64_MAX:
            raise ValueError(f".assets[{index}]: the balances sum to {supply[asset.id]}, expected at most {U64_MAX}")
        entry = Asset(decimals=asset.decimals, votes=asset.votes, supply=Amount(supply[asset.id]))
        ASSETS.set(context.state, asset.id, entry)
    _write_total_power(context, genesis, power)


def export_genesis(state: StateReader) -> AccountsGenesis:
    """Return the section that recreates this state, to the byte."""
    params = PARAMS.require(state, None)
    assets = tuple(
        GenesisAsset(id=asset, decimals=entry.decimals, native=asset == params.native, votes=entry.votes)
        for asset, entry in ASSETS.iterate(state)
    )
    voting = {asset.id for asset in assets if asset.votes}
    records = dict(ACCOUNTS.iterate(state))
    others: dict[Address, list[GenesisBalance]] = {}
    for (address, asset), balance in BALANCES.iterate(state):
        counts = asset in voting and not records.get(address, Account()).custodial
        others.setdefault(address, []).append(_exported(asset, balance.amount, counts=counts))
    accounts = tuple(
        _exported_account(address, records.get(address, Account()), params=params, others=others.get(address, []))
        for address in sorted(records.keys() | others.keys())
    )
    totals = tuple(
        GenesisTotalPower(asset=asset, history=total.amount.checkpoints) for asset, total in TOTAL_POWER.iterate(state)
    )
    return AccountsGenesis(
        assets=assets, accounts=accounts, proposer_fee_bps=params.proposer_fee_bps, total_power=totals
    )


def _check_assets(genesis: AccountsGenesis) -> GenesisAsset:
    if len(genesis.assets) > MAX_ASSETS:
        raise ValueError(f".assets: expected at most {MAX_ASSETS}, got {len(genesis.assets)}")
    _check_unique(tuple(asset.id for asset in genesis.assets), where=".assets[{}].id")
    natives = [asset for asset in genesis.assets if asset.native]
    if len(natives) != 1:
        raise ValueError(f".assets: expected exactly one with native true, got {len(natives)}")
    return natives[0]


def _check_unique(ids: Sequence[T], *, where: str) -> None:
    first: dict[T, int] = {}
    for index, each in enumerate(ids):
        if each in first:
            raise ValueError(f"{where.format(index)}: the same as {where.format(first[each])}")
        first[each] = index


def _check_account(
    account: GenesisAccount, *, path: str, native: GenesisAsset, by_id: dict[AssetId, GenesisAsset]
) -> None:
    if account.policy is not None:
        try:
            check_policy(account.policy)
        except InvalidPolicy as error:
            raise ValueError(f"{path}.policy: {error}; {error.hint}".removesuffix("; ")) from error
    if len(account.sequences) > MAX_LANES or (account.sequences and not account.sequences[-1]):
        raise ValueError(f"{path}.sequences: expected at most {MAX_LANES}, the last not 0, got {account.sequences}")
    _check_unique(tuple(balance.asset for balance in account.balances), where=f"{path}.balances[{{}}].asset")
    for index, balance in enumerate(account.balances):
        asset = by_id.get(balance.asset)
        if asset is None:
            known = ", ".join(by_id)
            raise ValueError(f"{path}.balances[{index}].asset: {balance.asset!r} is none of the assets: {known}")
        history = History(balance.history)
        if balance.history and not (
            asset.votes and not account.custodial and is_well_formed(history) and latest(history) == balance.amount
        ):
            raise ValueError(
                f"{path}.balances[{index}].history: expected ascending checkpoints that end with {balance.amount}, "
                "of an asset that votes, on an account that is not custodial"
            )


def _write_account(
    context: Context, account: GenesisAccount, *, native: GenesisAsset, by_id: dict[AssetId, GenesisAsset]
) -> None:
    native_history = EMPTY_HISTORY
    for balance in account.balances:
        counts = by_id[balance.asset].votes and not account.custodial
        history = _initial(context, balance.amount, balance.history, counts=counts)
        if balance.asset == native.id:
            native_history = history
        elif history != EMPTY_HISTORY:
            BALANCES.set(context.state, (account.address, balance.asset), Balance(amount=history))
    record = Account(
        policy=account.policy, custodial=account.custodial, sequences=account.sequences, native=native_history
    )
    if record != Account():
        ACCOUNTS.set(context.state, account.address, record)


def _write_total_power(context: Context, genesis: AccountsGenesis, power: dict[AssetId, int]) -> None:
    pasts = {total.asset: total.history for total in genesis.total_power}
    for index, total in enumerate(genesis.total_power):
        if total.asset not in power or latest(History(total.history)) != power[total.asset]:
            expected = power.get(total.asset, 0)
            raise ValueError(f".total_power[{index}]: expected a history of {total.asset} that ends with {expected}")
    for asset, amount in power.items():
        history = _initial(context, amount, pasts.get(asset, ()), counts=True)
        if history != EMPTY_HISTORY:
            TOTAL_POWER.set(context.state, asset, TotalPower(amount=history))


def _initial(context: Context, amount: int, past: tuple[Checkpoint, ...], *, counts: bool) -> History:
    if past:
        return History(past)
    if not counts:
        return unrecorded(amount)
    return record_history(EMPTY_HISTORY, height=context.block.height, value=amount, live=())


def _exported(asset: AssetId, history: History, *, counts: bool) -> GenesisBalance:
    # What does not count has no past. What counts always has one: without it, an import would begin one at its height.
    past = history.checkpoints if counts else ()
    return GenesisBalance(asset=asset, amount=Amount(latest(history)), history=past)


def _exported_account(
    address: Address, account: Account, *, params: Params, others: list[GenesisBalance]
) -> GenesisAccount:
    def balances() -> Iterator[GenesisBalance]:
        if account.native != EMPTY_HISTORY:
            yield _exported(params.native, account.native, counts=params.native_votes and not account.custodial)
        yield from others

    return GenesisAccount(
        address=address,
        balances=tuple(balances()),
        policy=account.policy,
        custodial=account.custodial,
        sequences=account.sequences,
    )
