"""Identity against a model that keeps the members of every height."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daonode.ledger.context import Context
from daonode.ledger.snapshots import live
from daonode.modules.identity.errors import AlreadyMember, NotAMember
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.identity.messages import LeaveMember, RegisterMember, RemoveMember
from daonode.modules.identity.module import IdentityModule
from daonode.modules.identity.queries import MembersArguments, MembersResult
from daonode.primitives.ids import Address
from tests.unit.modules.chain import Chain, address

CLERK = address("clerk")
PEOPLE = tuple(address(f"person {number}") for number in range(6))
people = st.sampled_from(PEOPLE)


class IdentityMachine(RuleBasedStateMachine):
    """The model: `members` now and `past` at the end of each height, and the order of first registration."""

    def __init__(self) -> None:
        super().__init__()
        self.module = IdentityModule()
        self.module.keeper.subscribe(self)
        self.members = [PEOPLE[0]]
        self.told = [PEOPLE[0]]
        self.order = [PEOPLE[0]]
        self.past: dict[int, tuple[Address, ...]] = {0: (PEOPLE[0],)}

    @initialize()
    def begin(self) -> None:
        section = IdentityGenesis(
            registrars=(GenesisRegistrar(CLERK),), members=(GenesisMember(account=PEOPLE[0], name="First"),)
        )
        self.chain = Chain([self.module]).genesis({"identity": section})

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        assert (source, before) == ("member", self.told.count(account))
        if after:
            self.told.append(account)
        else:
            self.told.remove(account)

    @rule(account=people)
    def register(self, account: Address) -> None:
        message = RegisterMember(account=account, name="Somebody")
        if account in self.members:
            with pytest.raises(AlreadyMember):
                self.chain.send(CLERK, message)
            return
        self.chain.send(CLERK, message)
        self.members.append(account)
        if account not in self.order:
            self.order.append(account)

    @rule(account=people, by_clerk=st.booleans())
    def end(self, account: Address, *, by_clerk: bool) -> None:
        caller, message = (CLERK, RemoveMember(account=account)) if by_clerk else (account, LeaveMember())
        if account not in self.members:
            with pytest.raises(NotAMember):
                self.chain.send(caller, message)
            return
        self.chain.send(caller, message)
        self.members.remove(account)

    @rule()
    def next_block(self) -> None:
        self.past[self.chain.height] = tuple(self.members)
        self.chain.next_block()

    @rule()
    def hold_a_snapshot(self) -> None:
        self.chain.hold(self.chain.height - 1)

    @rule(choice=st.integers(0, 10))
    def release_a_snapshot(self, choice: int) -> None:
        held = live(self.chain.overlay)
        if held:
            self.chain.release(held[choice % len(held)])

    @invariant()
    def nothing_is_broken(self) -> None:
        assert not self.chain.broken_invariants()

    @invariant()
    def members_are_those_of_the_model(self) -> None:
        for account in PEOPLE:
            assert self.module.keeper.is_member(self.chain.overlay, account) == (account in self.members)
        assert sorted(self.told) == sorted(self.members)

    @invariant()
    def power_at_every_live_snapshot_is_the_membership_then(self) -> None:
        state, source = self.chain.overlay, self.module.keeper.power_source()
        for height in (*live(state), self.chain.height - 1):
            assert source.total_power_at(state, height=height) == len(self.past[height])
            for account in PEOPLE:
                assert source.power_at(state, account=account, height=height) == self.past[height].count(account)

    @invariant()
    def pages_list_everyone_once_in_order_of_registration(self) -> None:
        listed: list[Address] = []
        cursor: str | None = None
        for _ in range(len(PEOPLE) + 1):
            arguments = MembersArguments(cursor=cursor, limit=2, include_former=True)
            page = self.chain.ask(self.module, "members", arguments)
            assert isinstance(page, MembersResult)
            listed += [item.account for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert listed == self.order


IdentityMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestIdentity = IdentityMachine.TestCase
