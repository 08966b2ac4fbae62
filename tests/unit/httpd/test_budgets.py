"""What an address may spend: refilling, the own machine, and a bounded memory of addresses."""

import pytest
import trio.testing

from daonode.httpd.budgets import BURST_UNITS, LOOPBACK_FACTOR, MAX_ADDRESSES, UNITS_PER_SECOND, Budgets, bucket


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


@pytest.mark.parametrize(("address", "factor"), [("127.0.0.1", LOOPBACK_FACTOR), ("::1", LOOPBACK_FACTOR), ("", 1)])
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
