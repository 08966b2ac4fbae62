"""How long commits take in virtual time: three message delays and no more, and a silent validator costs little."""

from __future__ import annotations

from collections.abc import Callable

from daonode.testing.figures import commit_times, percentile

MAX_COMMIT_MS = 250
"""With links of 50 ms: one delay until the leader has it, three until it is final, and the block interval."""


def test_sixteen_validators_with_links_of_50_ms_commit_within_a_quarter_of_a_second(
    record_property: Callable[[str, object], None],
) -> None:
    times = commit_times(validator_count=16, link_ms=50, measured_ms=1_500)
    record_property(
        "figures", f"16 validators, 50 ms links: p50 {percentile(times, 50)}, p99 {percentile(times, 99)} ms"
    )
    assert len(times) > 5
    assert percentile(times, 50) < MAX_COMMIT_MS


def test_one_silent_validator_of_four_costs_less_than_twice_the_time_once_its_turns_are_dropped(
    record_property: Callable[[str, object], None],
) -> None:
    quiet, silent = (
        commit_times(validator_count=4, link_ms=10),
        commit_times(validator_count=4, link_ms=10, silent=(3,)),
    )
    record_property(
        "figures",
        f"4 validators, 10 ms links: p50 {percentile(quiet, 50)} ms; with one silent {percentile(silent, 50)} ms",
    )
    assert len(silent) > 30
    assert percentile(silent, 50) < 2 * percentile(quiet, 50)
