"""A genesis document from a short description: who validates, who holds what, who is a member, how long things take.

What it makes is an ordinary document that can be edited by hand afterwards. The defaults are those of a small real DAO;
a chain for development shortens the periods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daonode.genesis.document import ChainDescription, GenesisDocument, make_document
from daonode.ledger.origins import module_address
from daonode.ledger.registry import discover
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.types import Curve, Electorate, SpendCap, Track, TrackId, WeightFunction
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.treasury.genesis import GenesisLimit, TreasuryGenesis
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.params import Params
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import Amount, Bps, DurationMs

NATIVE_ASSET: Final = AssetId("dao")
NATIVE_DECIMALS: Final = 6
NATIVE_UNIT: Final = 10**NATIVE_DECIMALS
"""Base units of one whole native coin."""
TREASURY_ADDRESS: Final = module_address("treasury")
MODULES: Final = ("accounts", "governance", "identity", "treasury", "validators")

DEFAULT_PARAMS: Final = Params()
DEFAULT_DEPOSIT: Final = Amount(10 * NATIVE_UNIT)
_NO_TIME: Final = DurationMs(0)
_DAY: Final = DurationMs(MS_PER_DAY)
_TWO_DAYS: Final = DurationMs(2 * MS_PER_DAY)
_WEEK: Final = DurationMs(7 * MS_PER_DAY)
_TWO_WEEKS: Final = DurationMs(14 * MS_PER_DAY)

ROOT_TRACK: Final = TrackId(0)
TREASURY_TRACK: Final = TrackId(1)
COMMUNITY_TRACK: Final = TrackId(2)

_NATIVE: Final = GenesisAsset(id=NATIVE_ASSET, decimals=NATIVE_DECIMALS, native=True, votes=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long each phase of a proposal lasts at least; see the track's fields of the same names."""

    prepare: DurationMs = _NO_TIME
    decision: DurationMs = _WEEK
    confirm: DurationMs = _DAY
    enactment: DurationMs = _TWO_DAYS
    grace: DurationMs = _TWO_WEEKS

    @classmethod
    def short(cls, *, voting: DurationMs, timelock: DurationMs) -> Periods:
        """Periods for development: nothing but the vote and the timelock takes time."""
        return cls(prepare=_NO_TIME, decision=voting, confirm=_NO_TIME, enactment=timelock)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlan:
    """What a chain begins with.

    `balances` are of the native asset, in base units; `treasury` is what the treasury holds, of any asset listed.
    Registrars register members; `deposit` is what submitting a proposal locks up until its decision.
    """

    chain: ChainDescription
    validators: tuple[GenesisValidator, ...]
    balances: Mapping[Address, Amount]
    members: tuple[GenesisMember, ...] = ()
    registrars: tuple[Address, ...] = ()
    treasury: tuple[GenesisBalance, ...] = ()
    other_assets: tuple[GenesisAsset, ...] = ()
    outflow_limits: tuple[GenesisLimit, ...] = ()
    validators_params: Params = DEFAULT_PARAMS
    periods: Periods = Periods()
    deposit: Amount = DEFAULT_DEPOSIT


def build_document(plan: ChainPlan) -> GenesisDocument:
    """Make the document of a plan; whether its modules accept it shows when its initial state is made.

    Raises:
        GenesisError: a value is out of its range.
        RegistryError: a module of the product is not installed.
    """
    accounts = [
        GenesisAccount(address=address, balances=(GenesisBalance(asset=NATIVE_ASSET, amount=amount),))
        for address, amount in sorted(plan.balances.items())
        if amount
    ]
    if plan.treasury:
        accounts.append(GenesisAccount(address=TREASURY_ADDRESS, balances=plan.treasury, custodial=True))
    sections: dict[str, Record] = {
        "accounts": AccountsGenesis(assets=(_NATIVE, *plan.other_assets), accounts=tuple(accounts)),
        "governance": GovernanceGenesis(tracks=make_tracks(plan)),
        "identity": IdentityGenesis(
            registrars=tuple(GenesisRegistrar(account=account) for account in plan.registrars), members=plan.members
        ),
        "treasury": TreasuryGenesis(outflow_limits=plan.outflow_limits),
        "validators": ValidatorsGenesis(validators=plan.validators, params=plan.validators_params),
    }
    return make_document(plan.chain, sections, discover(MODULES))


def make_tracks(plan: ChainPlan) -> tuple[Track, ...]:
    """The three tracks that most DAOs begin with.

    `root` may do everything and needs two thirds; `treasury` spends up to a quarter of each asset in one proposal by
    simple majority of tokens; `community` is decided by members, one vote each, and spends nothing.
    """
    whole = tuple(SpendCap(asset=balance.asset, amount=balance.amount) for balance in plan.treasury)
    quarter = tuple(SpendCap(asset=cap.asset, amount=Amount(cap.amount // 4)) for cap in whole)
    return (
        _track(plan, ROOT_TRACK, "root", criticality=100, approval=Bps(6_667), quorum=Bps(2_000), caps=whole),
        _track(plan, TREASURY_TRACK, "treasury", criticality=50, approval=Bps(5_000), quorum=Bps(1_000), caps=quarter),
        _track(
            plan,
            COMMUNITY_TRACK,
            "community",
            criticality=10,
            approval=Bps(5_000),
            quorum=Bps(2_000),
            weight_fn="member",
            electorate="members",
        ),
    )


def _track(
    plan: ChainPlan,
    track_id: TrackId,
    name: str,
    *,
    criticality: int,
    approval: Bps,
    quorum: Bps,
    caps: tuple[SpendCap, ...] = (),
    weight_fn: WeightFunction = "token",
    electorate: Electorate = "all",
) -> Track:
    periods = plan.periods
    return Track(
        id=track_id,
        name=name,
        origin=name,
        criticality=criticality,
        weight_fn=weight_fn,
        electorate=electorate,
        max_deciding=32,
        submission_deposit=plan.deposit,
        decision_deposit=plan.deposit,
        prepare=periods.prepare,
        decision=periods.decision,
        confirm=periods.confirm,
        enactment=periods.enactment,
        grace=periods.grace,
        approval=Curve(kind="constant", start=approval, end=approval),
        support=Curve(kind="constant", start=Bps(0), end=Bps(0)),
        quorum=quorum,
        spend_caps=caps,
    )
