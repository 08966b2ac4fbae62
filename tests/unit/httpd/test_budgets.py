"""What an address may spend, and what all strangers may together: refilling, waiting, and a bounded memory."""

import pytest
import trio
import trio.testing

from daonode.httpd.budgets import (
    BURST_UNITS,
    CALM_BURST_UNITS,
    CALM_UNITS_PER_SECOND,
    MAX_ADDRESSES,
    MAX_TURN_SECONDS,
    OWN_FACTOR,
    STRANGERS_BURST_SECONDS,
    UNITS_PER_SECOND,
    Budgets,
    Strangers,
    bucket,
)

TOGETHER = 100.0
"""Units a second of all strangers."""


async def test_a_budget_refills_with_time_up_to_its_burst(mock_clock: trio.testing.MockClock) -> None:
    budget = bucket(rate=10, burst=20)
    assert [budget.spend(15), budget.spend(15)] == [0, 1.0]
    mock_clock.jump(1.0)
    assert budget.spend(15) == 0
    mock_clock.jump(1_000)
    assert [budget.spend(20), budget.spend(1)] == [0, 0.1]
    mock_clock.jump(2)
    # What is dearer than any burst takes a whole one, and is not refused for ever.
    assert budget.spend(1_000) == 0


def stranger(number: int) -> str:
    return f"203.0.113.{number}"


async def seconds_of_turn(budgets: Budgets, address: str, *, cost: float) -> float:
    """How long a request that gets its turn has waited for it."""
    began = trio.current_time()
    assert await budgets.of(address).turn(cost) == 0
    return trio.current_time() - began


async def use_up_the_burst(budgets: Budgets) -> None:
    """Have strangers take what is free after a pause, by requests that are too dear to be calm."""
    share = 2 * CALM_BURST_UNITS
    for number in range(int(TOGETHER * STRANGERS_BURST_SECONDS / share)):
        assert await seconds_of_turn(budgets, stranger(number), cost=share) == 0


@pytest.mark.parametrize(
    ("address", "factor"), [("127.0.0.1", OWN_FACTOR), ("::1", OWN_FACTOR), ("127.0.1.1", 1), ("", 1)]
)
async def test_the_own_machine_may_spend_more(address: str, factor: float) -> None:
    budget = Budgets().of(address)
    assert budget.spend(BURST_UNITS * factor) == 0
    assert budget.spend(UNITS_PER_SECOND * factor) > 0.9


async def test_remembered_addresses_are_bounded_and_the_last_ones_kept() -> None:
    budgets = Budgets()
    first = budgets.of("first")
    for index in range(MAX_ADDRESSES - 1):
        budgets.of(str(index))
    assert budgets.of("first") is first
    for index in range(MAX_ADDRESSES):
        budgets.of(f"more {index}")
    assert budgets.of("first") is not first


async def test_addresses_of_one_ipv6_network_share_a_budget() -> None:
    budgets = Budgets()
    assert budgets.of("2001:db8::1") is budgets.of("2001:db8::ffff")
    assert budgets.of("2001:db8::1") is not budgets.of("2001:db8:0:1::1")


async def test_however_many_strangers_ask_they_take_no_more_together_than_they_are_given(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = Budgets(together=Strangers(rate=TOGETHER))
    await use_up_the_burst(budgets)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(lambda number=number: seconds_of_turn(budgets, stranger(100 + number), cost=101))
    assert trio.current_time() - began == pytest.approx(3 * 101 / TOGETHER)


async def test_what_is_owed_for_an_answer_counts_too(autojump_clock: trio.testing.MockClock) -> None:
    budgets = Budgets(together=Strangers(rate=TOGETHER))
    await use_up_the_burst(budgets)
    budgets.of(stranger(1)).owe(300)
    assert await seconds_of_turn(budgets, stranger(2), cost=101) == pytest.approx(300 / TOGETHER)


async def test_who_asks_for_little_and_this_machine_do_not_wait_behind_those_who_ask_for_much(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = Budgets(together=Strangers(rate=TOGETHER))
    await use_up_the_burst(budgets)
    budgets.of(stranger(1)).owe(3 * TOGETHER)
    for address in (stranger(2), "127.0.0.1"):
        assert await seconds_of_turn(budgets, address, cost=CALM_BURST_UNITS) == 0
    # Now it has asked for more than a little, until some time has passed.
    assert await seconds_of_turn(budgets, stranger(2), cost=CALM_BURST_UNITS) > 3
    await trio.sleep(CALM_BURST_UNITS / CALM_UNITS_PER_SECOND)
    budgets.of(stranger(1)).owe(5 * TOGETHER)
    assert await seconds_of_turn(budgets, stranger(2), cost=CALM_BURST_UNITS) == 0


async def test_a_turn_that_is_too_far_away_is_refused_after_a_wait(autojump_clock: trio.testing.MockClock) -> None:
    budgets = Budgets(together=Strangers(rate=TOGETHER))
    await use_up_the_burst(budgets)
    budgets.of(stranger(1)).owe(2 * MAX_TURN_SECONDS * TOGETHER)
    began = trio.current_time()
    assert await budgets.of(stranger(2)).turn(101) == pytest.approx(2 * MAX_TURN_SECONDS)
    assert trio.current_time() - began == pytest.approx(MAX_TURN_SECONDS)
    # It was not charged for what it did not get.
    assert await seconds_of_turn(budgets, stranger(2), cost=101) == pytest.approx(MAX_TURN_SECONDS)


async def test_requests_of_strangers_begin_one_at_a_time_and_only_while_nothing_is_more_urgent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    urgent_until = 10.0
    resting: list[float] = []

    async def rest() -> None:
        resting.append(trio.current_time())
        await trio.sleep(max(1.0, urgent_until - trio.current_time()))

    budgets = Budgets(together=Strangers(rate=1_000.0, rest=rest))
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(budgets.of(stranger(number)).turn, 1.0)
        assert await seconds_of_turn(budgets, "127.0.0.1", cost=1) == 0
    assert [when - began for when in resting] == pytest.approx([0, 10, 11])
    assert trio.current_time() - began == pytest.approx(12)
