"""The rolling outflow limit against every payment that was ever made: property 13 of the treasury.

At every payment, all payments of the window that ends with it, counted one by one, are within the limit in force; and
what the limit defers is not kept longer than one window after there is room.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.modules.treasury.rules import NO_OUTFLOW, limit_at, next_try_at, room, with_limit, with_payment
from daonode.modules.treasury.types import MAX_BUCKETS, OutflowLimit
from daonode.primitives.units import Amount, DurationMs

limits = st.builds(
    OutflowLimit,
    window=st.sampled_from((1, 7, 100, 1_000, 9_999)).map(DurationMs),
    limit=st.integers(0, 1_000).map(Amount),
)
steps = st.tuples(st.integers(0, 400), st.integers(1, 300) | limits)


@given(limits, st.lists(steps, max_size=120))
@settings(max_examples=200, deadline=None)
def test_no_window_ever_lets_out_more_than_the_limit_in_force(
    first: OutflowLimit, actions: list[tuple[int, int | OutflowLimit]]
) -> None:
    now_ms = 1_000_000
    rule, _ = with_limit(None, first, now_ms=now_ms)
    outflow = NO_OUTFLOW
    payments: list[tuple[int, int]] = []
    for after_ms, action in actions:
        now_ms += after_ms
        if isinstance(action, OutflowLimit):
            in_force = limit_at(rule, now_ms)
            rule, effective_at = with_limit(rule, action, now_ms=now_ms)
            loosens = action.limit > in_force.limit or action.window != in_force.window
            assert effective_at == now_ms + (max(in_force.window, action.window) if loosens else 0)
        elif action <= room(rule, outflow, now_ms=now_ms):
            outflow = with_payment(rule, outflow, amount=action, now_ms=now_ms)
            payments.append((now_ms, action))
            limit = limit_at(rule, now_ms)
            assert sum(amount for paid_ms, amount in payments if paid_ms > now_ms - limit.window) <= limit.limit
        assert len(outflow.buckets) <= MAX_BUCKETS


@given(limits, st.lists(st.tuples(st.integers(0, 400), st.integers(1, 300)), max_size=60), st.integers(1, 1_000))
@settings(max_examples=200, deadline=None)
def test_what_fits_an_empty_window_is_let_through_within_one_window(
    limit: OutflowLimit, payments: list[tuple[int, int]], wanted: int
) -> None:
    now_ms = 1_000_000
    rule, _ = with_limit(None, limit, now_ms=now_ms)
    outflow = NO_OUTFLOW
    for after_ms, amount in payments:
        now_ms += after_ms
        if amount <= room(rule, outflow, now_ms=now_ms):
            outflow = with_payment(rule, outflow, amount=amount, now_ms=now_ms)
    if wanted <= room(rule, outflow, now_ms=now_ms):
        return
    next_try = next_try_at(rule, outflow, amount=wanted, now_ms=now_ms)
    if wanted > limit.limit:
        assert next_try is None
    else:
        assert next_try is not None
        assert now_ms < next_try <= now_ms + limit.window
        assert wanted <= room(rule, outflow, now_ms=next_try)
        assert wanted > room(rule, outflow, now_ms=next_try - 1)
