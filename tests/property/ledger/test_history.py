"""A history that forgets answers every question that may be asked like one that forgets nothing."""

from hypothesis import given
from hypothesis import strategies as st

from daonode.ledger.history import EMPTY_HISTORY, is_well_formed, latest, record, value_at

STEP = st.tuples(
    st.integers(min_value=0, max_value=3),  # How many heights pass before this step.
    st.integers(min_value=0, max_value=4),  # The new value; few, so that values repeat.
    st.sampled_from(["change", "hold", "release"]),
)


@given(st.lists(STEP, max_size=60))
def test_a_history_agrees_with_a_full_one_at_every_live_snapshot_and_stays_short(
    steps: list[tuple[int, int, str]],
) -> None:
    full: dict[int, int] = {}
    history = EMPTY_HISTORY
    live: list[int] = []
    height = 1
    for passed, value, action in steps:
        height += passed
        if action == "change":
            history = record(history, height=height, value=value, live=tuple(live))
            full[height] = value
            assert len(history.checkpoints) <= len(live) + 2
        elif action == "hold":
            if height - 1 not in live:
                live.append(height - 1)
        elif live:
            live.pop(value % len(live))
        assert is_well_formed(history)
        for asked in (*live, height - 1, height):
            known = [full[past] for past in sorted(full) if past <= asked]
            assert value_at(history, asked) == (known[-1] if known else 0)
        assert latest(history) == value_at(history, height)
