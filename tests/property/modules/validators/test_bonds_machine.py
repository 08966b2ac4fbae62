"""Bonds against a model that keeps every part of them by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daonode.consensus.evidence import SignedStatement
from daonode.consensus.statements import Vote
from daonode.ledger.errors import TransactionError
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.bonds import HOLDER
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.keys import EPOCH, SETS
from daonode.modules.validators.messages import Bond, Candidate, Remove, ReportEvidence, Unbond, Unjail
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import MAX_RETURNS, Params
from daonode.modules.validators.queries import ValidatorsArguments, ValidatorsResult
from daonode.modules.validators.types import validator_id
from daonode.primitives.ids import BlockId, Signature, ValidatorId
from daonode.primitives.units import Amount, Bps, DurationMs
from tests.unit.modules.accounts.setup import ALICE, DAO
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import CHAIN_ID, Chain, address, key

NAMES = ("a", "b", "c", "d")
IDS = {name: validator_id(key(name)) for name in NAMES}
PURSE, UNIT, POWER, SHARE_BPS, DELAY = 200, 30, 4, 3_000, 50_000
PARAMS = Params(
    epoch_blocks=5,
    epoch_duration=DurationMs(10_000),
    evidence_period=DurationMs(20_000),
    equivocation_jail=DurationMs(1),
    unbond_delay=DurationMs(DELAY),
    slashed_share=Bps(SHARE_BPS),
    bond_unit=Amount(UNIT),
)
names = st.sampled_from(NAMES)
amounts = st.integers(0, PURSE + 10)


@dataclass
class Putter:
    """What the model knows of one validator: its purse, its bond, and the parts on their way, as (due, amount)."""

    purse: int = PURSE - UNIT
    bonded: int = UNIT
    returns: list[tuple[int, int]] = field(default_factory=list)
    is_jailed: bool = False
    is_removed: bool = False

    @property
    def weight(self) -> int:
        return min(self.bonded // UNIT, POWER)

    @property
    def total(self) -> int:
        return self.bonded + sum(amount for _, amount in self.returns)


def burnt(amount: int) -> int:
    return -(-amount * SHARE_BPS // 10_000)


class BondsMachine(RuleBasedStateMachine):
    """Everybody begins with one unit bonded."""

    @initialize()
    def begin(self) -> None:
        self.accounts = AccountsModule()
        self.module = ValidatorsModule(accounts=self.accounts)
        self.module.court.check_signature = lambda *_: True
        self.chain = Chain([self.accounts, self.module])
        self.model = {name: Putter() for name in NAMES}
        validators = tuple(
            GenesisValidator(public_key=key(name), power=POWER, payout_account=address(name), moniker=name)
            for name in NAMES
        )
        # Bonds are put up before they decide: the genesis of the chain that is tested is the export of another.
        first = Chain([self.accounts, self.module])
        given_away = replaced(ValidatorsGenesis(validators), Params())
        first.genesis({"accounts": accounts_genesis(), "validators": given_away})
        for name in NAMES:
            first.send(ALICE, Transfer(destination=address(name), asset=DAO, amount=Amount(PURSE)))
            first.send(address(name), Bond(validator=IDS[name], amount=Amount(UNIT)))
        section = self.module.export_genesis(first.overlay)
        sections = {
            "accounts": self.accounts.export_genesis(first.overlay),
            "validators": replaced(ValidatorsGenesis(section.validators), PARAMS),
        }
        self.chain.genesis(sections)
        self.supply = self.accounts.keeper.asset(self.chain.overlay, DAO).supply
        self.convicted: set[tuple[int, str]] = set()

    @property
    def epoch(self) -> int:
        return EPOCH.require(self.chain.overlay, None).number

    def send(self, name: str, message: Bond | Unbond | Unjail | Candidate) -> bool:
        """Whether the chain takes it."""
        try:
            self.chain.send(address(name), message)
        except TransactionError:
            return False
        return True

    @rule(name=names, amount=amounts)
    def bond(self, name: str, amount: int) -> None:
        putter = self.model[name]
        taken = self.send(name, Bond(validator=IDS[name], amount=Amount(amount)))
        assert taken == (1 <= amount <= putter.purse and not putter.is_removed)
        if taken:
            putter.purse -= amount
            putter.bonded += amount

    @rule(name=names, amount=amounts)
    def unbond(self, name: str, amount: int) -> None:
        putter = self.model[name]
        taken = self.send(name, Unbond(validator=IDS[name], amount=Amount(amount)))
        may = not putter.is_removed and len(putter.returns) < MAX_RETURNS
        assert taken == (1 <= amount <= putter.bonded and may)
        if taken:
            putter.bonded -= amount
            putter.returns.append((self.chain.time_ms + DELAY, amount))

    @rule(name=names)
    def remove(self, name: str) -> None:
        putter = self.model[name]
        if putter.is_removed or sum(not each.is_removed for each in self.model.values()) == 1:
            return
        self.chain.send(ROOT_ADDRESS, Remove(validator=IDS[name]))
        putter.is_removed = True
        if putter.bonded:
            putter.returns.append((self.chain.time_ms + DELAY, putter.bonded))
            putter.bonded = 0

    @rule(name=names)
    def equivocate(self, name: str) -> None:
        putter, epoch = self.model[name], self.epoch
        first, second = (
            SignedStatement(
                statement=Vote(
                    chain_id=CHAIN_ID, epoch=epoch, round=3, block_id=BlockId(bytes([block]) * 32), qc_round=1
                ),
                signature=Signature(bytes(64)),
            )
            for block in (1, 2)
        )
        is_member = IDS[name] in {each.id for each in SETS.require(self.chain.overlay, epoch).validators}
        try:
            self.chain.send(ALICE, ReportEvidence(validator=IDS[name], first=first, second=second))
        except TransactionError:
            assert not is_member or (epoch, name) in self.convicted
            return
        assert is_member
        self.convicted.add((epoch, name))
        self.supply -= burnt(putter.bonded) + sum(burnt(amount) for _, amount in putter.returns)
        putter.bonded -= burnt(putter.bonded)
        putter.returns = [(due, amount - burnt(amount)) for due, amount in putter.returns]
        putter.is_jailed = True

    @rule(name=names)
    def unjail(self, name: str) -> None:
        putter = self.model[name]
        if self.send(name, Unjail(validator=IDS[name])):
            assert putter.is_jailed
            putter.is_jailed = False

    @rule(after_ms=st.sampled_from((1, 1_000, DELAY // 3, DELAY)))
    def next_block(self, after_ms: int) -> None:
        chosen_before = EPOCH.require(self.chain.overlay, None).ends_at
        wanted = {
            IDS[name]: putter.weight
            for name, putter in self.model.items()
            if putter.weight and not putter.is_jailed and not putter.is_removed
        }
        self.chain.end_block()
        epoch = EPOCH.require(self.chain.overlay, None)
        if epoch.ends_at is not None and chosen_before is None:
            chosen = SETS.require(self.chain.overlay, epoch.number + 1).validators
            before = SETS.require(self.chain.overlay, epoch.number).validators
            assert {each.id: each.power for each in chosen} == (wanted or {each.id: each.power for each in before})
        self.check_that_an_export_recreates_the_state()
        self.chain.begin_block(after_ms=after_ms)
        self.chain.meet_deadlines()
        assert not self.chain.failed_deadlines
        for putter in self.model.values():
            putter.purse += sum(amount for due, amount in putter.returns if due <= self.chain.time_ms)
            putter.returns = [(due, amount) for due, amount in putter.returns if due > self.chain.time_ms]

    @invariant()
    def bonds_are_those_of_the_model(self) -> None:
        answer = self.chain.ask(self.module, "validators", ValidatorsArguments())
        assert isinstance(answer, ValidatorsResult)
        known: dict[ValidatorId, object] = {
            each.id: (each.bonded, each.weight, [(part.due, part.amount) for part in each.returns])
            for each in answer.items
        }
        for name, putter in self.model.items():
            if IDS[name] in known:
                assert known[IDS[name]] == (putter.bonded, putter.weight, putter.returns)
            else:
                assert putter.is_removed
                assert not putter.total
            assert self.accounts.keeper.balance(self.chain.overlay, account=address(name), asset=DAO) == putter.purse

    @invariant()
    def money_is_where_the_bonds_say_or_burnt(self) -> None:
        held = self.accounts.keeper.balance(self.chain.overlay, account=HOLDER, asset=DAO)
        assert held == sum(putter.total for putter in self.model.values())
        assert self.accounts.keeper.asset(self.chain.overlay, DAO).supply == self.supply
        assert not self.chain.broken_invariants()

    def check_that_an_export_recreates_the_state(self) -> None:
        """Between two blocks, as a chain is exported."""
        accounts = AccountsModule()
        copy = Chain([accounts, ValidatorsModule(accounts=accounts)])
        sections = {
            "accounts": self.accounts.export_genesis(self.chain.overlay),
            "validators": self.module.export_genesis(self.chain.overlay),
        }
        copy.genesis(sections)
        assert copy.state() == self.chain.state()


def replaced(section: ValidatorsGenesis, params: Params) -> ValidatorsGenesis:
    return ValidatorsGenesis(validators=section.validators, params=params)


BondsMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25)
TestBonds = BondsMachine.TestCase
