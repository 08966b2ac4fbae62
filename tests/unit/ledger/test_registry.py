"""Which modules make a chain, and under which names."""

from typing import ClassVar

import pytest

from daonode.ledger.errors import InvalidEncoding, UnknownMessage
from daonode.ledger.registry import Registry, RegistryError, discover
from daonode.ledger.transactions import Call
from tests.unit.ledger.counter_chain import Add, CounterModule, call


class Dependent(CounterModule):
    name: ClassVar[str] = "dependent"
    requires: ClassVar[tuple[str, ...]] = ("counter",)

    def __init__(self, counter: CounterModule | None = None) -> None:
        self.counter = counter


def test_names_lead_to_types_and_back() -> None:
    registry = Registry([CounterModule()])
    assert registry.message("counter.Add").type is Add
    assert registry.message_name(Add) == "counter.Add"
    assert registry.decode_call(call(Add("a", 1))) == Add("a", 1)


def test_a_call_of_no_module_or_in_no_canonical_form_is_refused() -> None:
    registry = Registry([CounterModule()])
    with pytest.raises(UnknownMessage, match=r"no module handles 'other\.Message'"):
        registry.decode_call(Call("other.Message", b"\x90"))
    with pytest.raises(InvalidEncoding, match=r"^counter\.Add: "):
        registry.decode_call(Call("counter.Add", b"\xff"))


def test_two_modules_of_one_name_are_refused() -> None:
    with pytest.raises(RegistryError, match="two modules are called 'counter'"):
        Registry([CounterModule(), CounterModule()])


def test_a_type_belongs_to_one_module() -> None:
    with pytest.raises(RegistryError, match="registered twice"):
        Registry([CounterModule(), Dependent()])


def test_a_module_follows_what_it_requires() -> None:
    with pytest.raises(RegistryError, match="'dependent' must follow counter"):
        Registry([Dependent(), CounterModule()])


def test_a_name_that_is_no_name_is_refused() -> None:
    class Odd(CounterModule):
        name: ClassVar[str] = "Odd name"

    with pytest.raises(RegistryError, match="cannot be a module's name"):
        Registry([Odd()])


def test_a_module_that_no_package_offers_is_named_with_the_nearest_one() -> None:
    with pytest.raises(RegistryError, match="did you mean 'accounts'"):
        discover(["acounts"])
