"""What a handler can do with its context, and what that costs."""

from itertools import pairwise

import pytest

from daonode.ledger.deadlines import MAX_ITEM_BYTES
from daonode.ledger.errors import LimitExceeded, OutOfGas
from daonode.ledger.session import UnregisteredEvent
from tests.unit.ledger.counter_chain import ALICE, Add, Counter, call
from tests.unit.ledger.worlds import make_context, make_session


def test_every_access_to_the_state_is_charged() -> None:
    context = make_context()
    used = [context.gas.used]
    context.state.set(b"counter\x01k", b"value")
    used.append(context.gas.used)
    context.state.get(b"counter\x01k")
    used.append(context.gas.used)
    list(context.state.iterate(b"", b"\xff"))
    used.append(context.gas.used)
    context.state.delete(b"counter\x01k")
    used.append(context.gas.used)
    assert [after - before for before, after in pairwise(used)] == [1_014, 55, 105, 1_000]


def test_an_inner_gas_limit_ends_what_is_inside_and_leaves_the_rest_to_the_outside() -> None:
    context = make_context(gas_limit=1_000)
    with pytest.raises(OutOfGas, match="the limit is 100"), context.limit_gas(100):
        context.gas.charge(101)
    assert context.gas.used == 100
    with context.limit_gas(5_000), pytest.raises(OutOfGas, match="the limit is 1000"):
        context.gas.charge(901)
    assert context.gas.used == 1_000


def test_an_error_inside_an_atomic_part_takes_back_state_events_and_deadlines() -> None:
    session = make_session()
    context = session.context(caller=ALICE.address, index=0)

    def change_and_fail() -> None:
        with context.atomic():
            context.dispatch(call(Add("a", 1)), caller=ALICE.address)
            context.schedule(5, "counter", b"x")
            raise LimitExceeded("enough")

    with pytest.raises(LimitExceeded):
        change_and_fail()
    assert session.overlay.changes() == ()
    assert session.events == []


def test_dispatched_calls_have_indices_of_their_own() -> None:
    session = make_session()
    context = session.context(caller=ALICE.address, index=0)
    first = session.next_call_number
    context.dispatch(call(Add("a", 1)), caller=ALICE.address)
    context.dispatch(call(Add("a", 1)), caller=ALICE.address)
    assert session.next_call_number == first + 2


def test_an_event_of_no_module_is_refused() -> None:
    with pytest.raises(UnregisteredEvent, match="Counter is in no module's events"):
        make_context().emit(Counter(1))


def test_a_deadlines_item_is_bounded() -> None:
    context = make_context()
    context.schedule(5, "counter", bytes(MAX_ITEM_BYTES))
    with pytest.raises(LimitExceeded, match="at most 128 bytes"):
        context.schedule(5, "counter", bytes(MAX_ITEM_BYTES + 1))


def test_a_cancelled_deadline_is_gone_and_cancelling_nothing_changes_nothing() -> None:
    session = make_session()
    context = session.context(caller=ALICE.address, index=0)
    context.schedule(5, "counter", b"x")
    context.cancel(5, "counter", b"y")
    context.cancel(5, "counter", b"x")
    assert [value for _, value in session.overlay.changes()] == [None, None]
