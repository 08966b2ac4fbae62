"""Validators against a model that counts every proposal by hand."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daonode.ledger.origins import ROOT_ADDRESS
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.keys import EPOCH, SETS
from daonode.modules.validators.messages import Candidate, EditValidator, Leave, SetWeight
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import Params
from daonode.modules.validators.types import validator_id
from daonode.primitives.ids import Address, ValidatorId
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import Chain, address, key

NAMES = ("a", "b", "c", "d")
IDS = tuple(validator_id(key(name)) for name in NAMES)
PARAMS = Params(epoch_blocks=6)
STRANGER = ValidatorId(bytes(32))
proposers = st.sampled_from((*IDS, STRANGER))


class ValidatorsMachine(RuleBasedStateMachine):
    """The model: how often each proposed and failed, and where each is paid."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = AccountsModule()
        self.module = ValidatorsModule(accounts=self.accounts)
        self.proposed = dict.fromkeys(IDS, 0)
        self.failed = dict.fromkeys(IDS, 0)
        self.willing = dict.fromkeys(IDS, True)
        self.powers = dict.fromkeys(IDS, 1)
        self.payouts: dict[ValidatorId, Address] = {each: address(name) for each, name in zip(IDS, NAMES, strict=True)}

    @initialize()
    def begin(self) -> None:
        validators = tuple(
            GenesisValidator(public_key=key(name), power=1, payout_account=address(name), moniker=name)
            for name in NAMES
        )
        self.chain = Chain([self.accounts, self.module], proposer=STRANGER)
        self.chain.genesis({"accounts": accounts_genesis(), "validators": ValidatorsGenesis(validators, PARAMS)})

    @rule(proposer=proposers, failed=st.lists(proposers, max_size=6).map(tuple))
    def next_block(self, proposer: ValidatorId, failed: tuple[ValidatorId, ...]) -> None:
        self.chain.end_block()
        self.chain.proposer, self.chain.failed_proposers = proposer, failed
        self.chain.begin_block()
        if proposer in self.proposed:
            self.proposed[proposer] += 1
        for each in failed:
            if each in self.failed:
                self.failed[each] += 1

    @rule(validator=st.sampled_from(IDS), name=st.sampled_from(("x", "y", "z")))
    def edit(self, validator: ValidatorId, name: str) -> None:
        message = EditValidator(
            validator=validator, payout_account=address(name), moniker=name, node_key=None, address=""
        )
        self.chain.send(self.payouts[validator], message)
        self.payouts[validator] = address(name)

    @rule(validator=st.sampled_from(IDS))
    def leave(self, validator: ValidatorId) -> None:
        self.chain.send(self.payouts[validator], Leave(validator=validator))
        self.willing[validator] = False

    @rule(validator=st.sampled_from(IDS))
    def stand(self, validator: ValidatorId) -> None:
        self.chain.send(self.payouts[validator], Candidate(validator=validator, node_key=None, address=""))
        self.willing[validator] = True

    @rule(validator=st.sampled_from(IDS), power=st.integers(1, 5))
    def set_weight(self, validator: ValidatorId, power: int) -> None:
        self.chain.send(ROOT_ADDRESS, SetWeight(validator=validator, power=power))
        self.powers[validator] = power

    @rule()
    def next_epoch(self) -> None:
        epoch = EPOCH.require(self.chain.overlay, None)
        while EPOCH.require(self.chain.overlay, None).ends_at is None:
            self.next_block(STRANGER, ())
        if epoch.ends_at is not None:
            return
        wanted = {each: self.powers[each] for each in IDS if self.willing[each]}
        chosen = SETS.require(self.chain.overlay, epoch.number + 1).validators
        before = SETS.require(self.chain.overlay, epoch.number).validators
        assert {each.id: each.power for each in chosen} == (wanted or {each.id: each.power for each in before})

    @invariant()
    def nothing_is_broken(self) -> None:
        assert not self.chain.broken_invariants()

    @invariant()
    def counts_are_those_of_the_model(self) -> None:
        for count in self.module.keeper.proposal_counts(self.chain.overlay):
            assert (count.proposed, count.failed) == (self.proposed[count.validator], self.failed[count.validator])

    @invariant()
    def proposers_are_paid_where_they_said_last(self) -> None:
        for validator, account in self.payouts.items():
            assert self.module.keeper.payout_account(self.chain.overlay, validator) == account

    @invariant()
    def an_export_recreates_the_state(self) -> None:
        section = self.module.export_genesis(self.chain.overlay)
        accounts = AccountsModule()
        copy = Chain([accounts, ValidatorsModule(accounts=accounts)], proposer=STRANGER)
        copy.genesis({"accounts": accounts_genesis(), "validators": section})
        assert copy.state() == self.chain.state()


ValidatorsMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestValidators = ValidatorsMachine.TestCase
