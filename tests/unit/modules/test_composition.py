"""The five modules of the product fit together: each is what the others expect of it.

A chain constructs its modules from entry points, whose types nobody can check. Here they are constructed by typed
calls, so that the type checker, which reads this file too, compares the Protocols of every `expected.py` with the real
parts.
"""

from dataclasses import dataclass, fields
from typing import get_type_hints

from typing_extensions import get_protocol_members, is_protocol

from daonode.ledger.module import Authenticator, Module
from daonode.ledger.registry import discover
from daonode.modules.accounts import expected as accounts_expects
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.governance import expected as governance_expects
from daonode.modules.governance.module import GovernanceModule
from daonode.modules.governance.types import Execution, ProposalId, SpendCap, TrackId
from daonode.modules.identity import expected as identity_expects
from daonode.modules.identity.module import IdentityModule
from daonode.modules.treasury import expected as treasury_expects
from daonode.modules.treasury.module import TreasuryModule
from daonode.modules.validators import expected as validators_expects
from daonode.modules.validators.module import ValidatorsModule
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount

DAO = AssetId("dao")
CAP = SpendCap(asset=DAO, amount=Amount(1))
EXECUTION = Execution(
    proposal=ProposalId(bytes(32)), track=TrackId(1), criticality=1, caller=Address(bytes(32)), spend_caps=(CAP,)
)


@dataclass(frozen=True)
class Modules:
    """All of them, and what the ledger asks of one."""

    accounts: AccountsModule
    identity: IdentityModule
    governance: GovernanceModule
    treasury: TreasuryModule
    validators: ValidatorsModule

    def all(self) -> tuple[Module, ...]:
        return self.accounts, self.identity, self.governance, self.treasury, self.validators

    def authenticator(self) -> Authenticator:
        return self.accounts


@dataclass(frozen=True)
class Expectations:
    """A field for whatever some module expects, named after who gives it."""

    payouts_to_accounts: accounts_expects.PayoutAccounts
    payouts_to_validators: validators_expects.PayoutAccounts
    governance_to_accounts: accounts_expects.PowerObserver
    governance_to_identity: identity_expects.PowerObserver
    governance_to_itself: governance_expects.PowerObserver
    token_power: governance_expects.PowerSource
    member_power: governance_expects.PowerSource
    accounts_to_governance: governance_expects.AccountsModule
    accounts_keeper_to_governance: governance_expects.AccountsKeeper
    accounts_to_treasury: treasury_expects.AccountsModule
    accounts_keeper_to_treasury: treasury_expects.AccountsKeeper
    accounts_to_validators: validators_expects.AccountsModule
    accounts_keeper_to_validators: validators_expects.AccountsKeeper
    identity_to_governance: governance_expects.IdentityModule
    identity_keeper_to_governance: governance_expects.IdentityKeeper
    governance_to_treasury: treasury_expects.GovernanceModule
    governance_keeper_to_treasury: treasury_expects.GovernanceKeeper
    execution_to_treasury: treasury_expects.Execution
    cap_to_treasury: treasury_expects.SpendCap


def compose() -> Modules:
    accounts, identity = AccountsModule(), IdentityModule()
    governance = GovernanceModule(accounts=accounts, identity=identity)
    return Modules(
        accounts=accounts,
        identity=identity,
        governance=governance,
        treasury=TreasuryModule(accounts=accounts, governance=governance),
        validators=ValidatorsModule(accounts=accounts),
    )


def meet(modules: Modules) -> Expectations:
    accounts, identity, governance = modules.accounts, modules.identity, modules.governance
    return Expectations(
        payouts_to_accounts=modules.validators.keeper,
        payouts_to_validators=modules.validators.keeper,
        governance_to_accounts=governance.keeper,
        governance_to_identity=governance.keeper,
        governance_to_itself=governance.keeper,
        token_power=accounts.keeper.power_source(DAO),
        member_power=identity.keeper.power_source(),
        accounts_to_governance=accounts,
        accounts_keeper_to_governance=accounts.keeper,
        accounts_to_treasury=accounts,
        accounts_keeper_to_treasury=accounts.keeper,
        accounts_to_validators=accounts,
        accounts_keeper_to_validators=accounts.keeper,
        identity_to_governance=identity,
        identity_keeper_to_governance=identity.keeper,
        governance_to_treasury=governance,
        governance_keeper_to_treasury=governance.keeper,
        execution_to_treasury=EXECUTION,
        cap_to_treasury=CAP,
    )


def test_every_part_that_a_module_expects_has_what_is_expected_of_it() -> None:
    met, hints = meet(compose()), get_type_hints(Expectations)
    for field in fields(met):
        missing = {
            name for name in get_protocol_members(hints[field.name]) if not hasattr(getattr(met, field.name), name)
        }
        assert missing == set(), field.name


def test_no_expectation_of_a_module_is_left_out_here() -> None:
    expecting = (accounts_expects, governance_expects, identity_expects, treasury_expects, validators_expects)
    declared = {
        found
        for module in expecting
        for found in vars(module).values()
        if is_protocol(found) and found.__module__ == module.__name__
    }
    assert declared == set(get_type_hints(Expectations).values())


def test_a_chain_constructs_the_same_modules_from_their_entry_points() -> None:
    found = discover(("validators", "treasury", "identity", "governance", "accounts"))
    assert {type(module) for module in found.modules} == {type(module) for module in compose().all()}
    assert type(found.authenticator) is type(compose().authenticator())
