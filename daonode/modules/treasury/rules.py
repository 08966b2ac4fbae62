"""The rolling outflow limit: pure functions over an asset's rule and its recent outflow.

At any time of payment t, what was paid from just after `t - window` to t is at most the limit. Payments are kept in a
bounded number of buckets, and a bucket counts in full until its last payment has left the window: the error is always
on the safe side.

Lowering a limit takes effect at once. Everything else (a higher limit, another window) takes effect one window later,
the longer of the two, and until then what flowed out is remembered for as long as the new window needs.
"""

from __future__ import annotations

from daonode.modules.treasury.types import MAX_BUCKETS, Bucket, Outflow, OutflowLimit, OutflowRule, PendingLimit
from daonode.primitives.units import Amount, TimeMs

NO_OUTFLOW = Outflow(buckets=())
_PARTS = MAX_BUCKETS - 2
"""A bucket spans at most this part of the window, which leaves room for one begun and one that is about to leave."""


def limit_at(rule: OutflowRule, now_ms: int) -> OutflowLimit:
    """Return the limit in force."""
    if rule.pending is not None and rule.pending.effective_at <= now_ms:
        return rule.pending.limit
    return rule.current


def largest_limit(rule: OutflowRule, now_ms: int) -> int:
    """Return the larger of the limit in force and the one that follows it."""
    following = 0 if rule.pending is None else rule.pending.limit.limit
    return max(limit_at(rule, now_ms).limit, following)


def with_limit(rule: OutflowRule | None, new: OutflowLimit, *, now_ms: int) -> tuple[OutflowRule, TimeMs]:
    """Return the rule after a new limit was set, and when that takes effect."""
    if rule is None:
        return OutflowRule(current=new), TimeMs(now_ms)
    current = limit_at(rule, now_ms)
    if new.window == current.window and new.limit <= current.limit:
        return OutflowRule(current=new), TimeMs(now_ms)
    effective_at = TimeMs(now_ms + max(current.window, new.window))
    return OutflowRule(current=current, pending=PendingLimit(limit=new, effective_at=effective_at)), effective_at


def spent_in_window(outflow: Outflow, *, window_ms: int, now_ms: int) -> int:
    """Return what counts as having flowed out in the window that ends now."""
    return sum(bucket.amount for bucket in outflow.buckets if bucket.last + window_ms > now_ms)


def room(rule: OutflowRule, outflow: Outflow, *, now_ms: int) -> int:
    """Return how much may flow out now."""
    limit = limit_at(rule, now_ms)
    return max(limit.limit - spent_in_window(outflow, window_ms=limit.window, now_ms=now_ms), 0)


def next_try_at(rule: OutflowRule, outflow: Outflow, *, amount: int, now_ms: int) -> TimeMs | None:
    """Return when `amount` may be allowed at the earliest if nothing else is paid, or None where time does not help."""
    limit = limit_at(rule, now_ms)
    times: list[int] = []
    if rule.pending is not None and rule.pending.effective_at > now_ms:
        times.append(rule.pending.effective_at)
    if amount <= limit.limit:
        counted = spent_in_window(outflow, window_ms=limit.window, now_ms=now_ms)
        leaving = (bucket for bucket in outflow.buckets if bucket.last + limit.window > now_ms)
        for bucket in leaving:
            counted -= bucket.amount
            if counted + amount <= limit.limit:
                times.append(bucket.last + limit.window)
                break
    return TimeMs(min(times)) if times else None


def with_payment(rule: OutflowRule, outflow: Outflow, *, amount: int, now_ms: int) -> Outflow:
    """Return the outflow with a payment at `now_ms`, without what no window can reach any more."""
    window_ms = limit_at(rule, now_ms).window
    if rule.pending is not None:
        window_ms = max(window_ms, rule.pending.limit.window)
    kept = [bucket for bucket in outflow.buckets if bucket.last + window_ms > now_ms]
    span_ms = max(-(-window_ms // _PARTS), 1)
    if kept and now_ms - kept[-1].first < span_ms:
        last = kept.pop()
        kept.append(Bucket(first=last.first, last=TimeMs(now_ms), amount=Amount(last.amount + amount)))
    else:
        kept.append(Bucket(first=TimeMs(now_ms), last=TimeMs(now_ms), amount=Amount(amount)))
    # A window that became longer finds finer buckets: the oldest are joined, which counts them longer.
    while len(kept) > MAX_BUCKETS:
        first, second = kept[0], kept[1]
        kept[:2] = [Bucket(first=first.first, last=second.last, amount=Amount(first.amount + second.amount))]
    return Outflow(buckets=tuple(kept))
