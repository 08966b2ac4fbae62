"""Who makes members, who ends memberships, and what that is worth in votes."""

import pytest

from daonode.ledger.context import Context
from daonode.ledger.errors import QueryError
from daonode.ledger.origins import origin_address
from daonode.modules.identity.errors import AlreadyMember, NotAMember, NotARegistrar, UnreadableText
from daonode.modules.identity.events import MemberLeft, MemberRegistered, MemberRemoved, ProfileSet
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.identity.messages import LeaveMember, RegisterMember, RemoveMember, SetProfile
from daonode.modules.identity.module import IdentityModule
from daonode.modules.identity.queries import (
    MemberArguments,
    MemberResult,
    MembersArguments,
    MembersResult,
    RegistrarsArguments,
    RegistrarsResult,
)
from daonode.primitives.ids import Address
from tests.unit.modules.chain import Chain, address

CLERK, RETIRED = address("clerk"), address("retired clerk")
ROOT = origin_address("root")
ANN, BEN, CLEO = address("ann"), address("ben"), address("cleo")
SECTION = IdentityGenesis(
    registrars=(GenesisRegistrar(CLERK), GenesisRegistrar(RETIRED, active=False)),
    members=(GenesisMember(account=ANN, name="Ann", role="council"),),
)


@pytest.fixture
def module() -> IdentityModule:
    return IdentityModule()


@pytest.fixture
def chain(module: IdentityModule) -> Chain:
    return Chain([module]).genesis({"identity": SECTION})


def register(chain: Chain, account: Address, name: str = "Ben") -> None:
    chain.send(CLERK, RegisterMember(account=account, name=name))


def power(module: IdentityModule, chain: Chain, account: Address, height: int) -> int:
    return module.keeper.power_source().power_at(chain.overlay, account=account, height=height)


def test_a_registrar_registers_a_member(module: IdentityModule, chain: Chain) -> None:
    events = chain.send(CLERK, RegisterMember(account=BEN, name="Ben", role="council"))
    assert events == (MemberRegistered(account=BEN, index=1, name="Ben", role="council", registrar=CLERK),)
    assert module.keeper.is_member(chain.overlay, BEN)
    assert not chain.broken_invariants()


def test_the_root_origin_registers_and_removes(module: IdentityModule, chain: Chain) -> None:
    chain.send(ROOT, RegisterMember(account=BEN, name="Ben"))
    assert chain.send(ROOT, RemoveMember(account=BEN)) == (MemberRemoved(account=BEN, remover=ROOT),)
    assert not module.keeper.is_member(chain.overlay, BEN)


@pytest.mark.parametrize("caller", [ANN, RETIRED, address("stranger")])
def test_nobody_else_registers_or_removes(chain: Chain, caller: Address) -> None:
    with pytest.raises(NotARegistrar):
        chain.send(caller, RegisterMember(account=BEN, name="Ben"))
    with pytest.raises(NotARegistrar):
        chain.send(caller, RemoveMember(account=ANN))


def test_nobody_is_registered_twice(chain: Chain) -> None:
    with pytest.raises(AlreadyMember):
        register(chain, ANN)


def test_only_a_member_leaves_or_is_removed(chain: Chain) -> None:
    with pytest.raises(NotAMember):
        chain.send(BEN, LeaveMember())
    with pytest.raises(NotAMember):
        chain.send(CLERK, RemoveMember(account=BEN))


def test_who_comes_back_keeps_its_index(module: IdentityModule, chain: Chain) -> None:
    assert chain.send(ANN, LeaveMember()) == (MemberLeft(account=ANN),)
    register(chain, BEN)
    register(chain, ANN, name="Anna")
    member = module.keeper.member(chain.overlay, ANN)
    assert member is not None
    assert (member.index, member.name) == (0, "Anna")
    assert not chain.broken_invariants()


def test_power_at_a_live_snapshot_is_the_membership_at_the_end_of_it(module: IdentityModule, chain: Chain) -> None:
    register(chain, BEN)
    chain.next_block()
    chain.hold(1)
    chain.send(BEN, LeaveMember())
    chain.next_block()
    register(chain, BEN)
    register(chain, CLEO, name="Cleo")
    chain.next_block()
    assert [power(module, chain, BEN, height) for height in (1, 2, 3)] == [1, 0, 1]
    assert power(module, chain, CLEO, 1) == 0
    source = module.keeper.power_source()
    assert [source.total_power_at(chain.overlay, height=height) for height in (1, 2, 3)] == [2, 1, 3]
    assert source.name == "member"
    assert not chain.broken_invariants()


def test_a_membership_of_less_than_a_block_leaves_no_past(module: IdentityModule, chain: Chain) -> None:
    register(chain, BEN)
    chain.send(BEN, LeaveMember())
    chain.next_block()
    assert power(module, chain, BEN, 1) == 0
    assert not chain.broken_invariants()


class Watcher:
    def __init__(self) -> None:
        self.changes: list[tuple[str, Address, int, int]] = []

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        self.changes.append((source, account, before, after))


def test_observers_are_told_of_each_beginning_and_end(module: IdentityModule, chain: Chain) -> None:
    watcher = Watcher()
    module.keeper.subscribe(watcher)
    register(chain, BEN)
    chain.send(ANN, LeaveMember())
    assert watcher.changes == [("member", BEN, 0, 1), ("member", ANN, 1, 0)]


def test_a_member_says_something_about_itself(chain: Chain) -> None:
    assert chain.send(ANN, SetProfile(about="I keep bees.")) == (ProfileSet(account=ANN, about="I keep bees."),)
    with pytest.raises(NotAMember):
        chain.send(BEN, SetProfile(about="I would like to."))


@pytest.mark.parametrize("name", ["Ann\n", "Ann\u202enna", "An\u200bn", " Ann", "Ann ", "\x00"])
def test_a_name_hides_nothing(chain: Chain, name: str) -> None:
    with pytest.raises(UnreadableText, match=r"name: character \d+ is U\+"):
        register(chain, BEN, name=name)


def test_a_name_may_be_in_any_script(chain: Chain) -> None:
    given = ["Ånn Ó Briain", "アン", "أَنَا", "Анна", "🐝"]
    for number, name in enumerate(given):
        register(chain, address(f"person {number}"), name=name)
    assert names(page(IdentityModule(), chain, MembersArguments(limit=10)))[-len(given) :] == given


def page(module: IdentityModule, chain: Chain, arguments: MembersArguments) -> MembersResult:
    answer = chain.ask(module, "members", arguments)
    assert isinstance(answer, MembersResult)
    return answer


def names(result: MembersResult) -> list[str]:
    return [item.name for item in result.items]


def test_pages_neither_drop_nor_repeat_while_members_come_and_go(module: IdentityModule, chain: Chain) -> None:
    for number in range(1, 5):
        register(chain, address(f"person {number}"), name=f"P{number}")
    first = page(module, chain, MembersArguments(limit=2))
    assert (names(first), first.total) == (["Ann", "P1"], 5)
    chain.send(ANN, LeaveMember())
    chain.send(address("person 3"), LeaveMember())
    register(chain, BEN)
    second = page(module, chain, MembersArguments(cursor=first.next_cursor, limit=2))
    assert names(second) == ["P2", "P4"]
    third = page(module, chain, MembersArguments(cursor=second.next_cursor, limit=2))
    assert (names(third), third.next_cursor, third.total) == (["Ben"], None, 4)


def test_former_members_are_listed_on_request(module: IdentityModule, chain: Chain) -> None:
    chain.send(ANN, LeaveMember())
    assert names(page(module, chain, MembersArguments())) == []
    former = page(module, chain, MembersArguments(include_former=True))
    assert [(item.name, item.active) for item in former.items] == [("Ann", False)]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "0x1", "1" * 20, "²"])
def test_a_cursor_that_no_page_gave_is_refused(module: IdentityModule, chain: Chain, cursor: str) -> None:
    with pytest.raises(QueryError, match="is no cursor"):
        page(module, chain, MembersArguments(cursor=cursor))


def test_a_member_is_found_by_its_account(module: IdentityModule, chain: Chain) -> None:
    answer = chain.ask(module, "member", MemberArguments(ANN))
    assert isinstance(answer, MemberResult)
    assert (answer.name, answer.role, answer.index, answer.active, answer.registrar) == (
        "Ann",
        "council",
        0,
        True,
        None,
    )
    with pytest.raises(QueryError, match="was not a member") as caught:
        chain.ask(module, "member", MemberArguments(BEN))
    assert caught.value.not_found


def test_the_registrars_are_listed(module: IdentityModule, chain: Chain) -> None:
    answer = chain.ask(module, "registrars", RegistrarsArguments())
    assert isinstance(answer, RegistrarsResult)
    assert {(item.account, item.active) for item in answer.items} == {(CLERK, True), (RETIRED, False)}
