"""What was given already is owed, and what is owed is bounded."""

import trio.testing

from daonode.httpd.budgets import Budgets


async def test_what_is_owed_is_paid_out_of_what_comes(mock_clock: trio.testing.MockClock) -> None:
    budget = Budgets(rate=10.0, burst=100.0).of("203.0.113.7")
    assert budget.spend(90) == 0
    budget.owe(50)
    assert budget.spend(1) == 4.1
    mock_clock.jump(4.1)
    assert budget.spend(1) == 0


async def test_nobody_owes_more_than_a_burst(mock_clock: trio.testing.MockClock) -> None:
    budget = Budgets(rate=10.0, burst=100.0).of("203.0.113.7")
    budget.owe(1e9)
    mock_clock.jump(20.0)
    assert budget.spend(100) == 0
