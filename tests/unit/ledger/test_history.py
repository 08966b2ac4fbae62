"""What a history keeps, and what it drops."""

from daonode.ledger.history import EMPTY_HISTORY, Checkpoint, History, is_well_formed, latest, record, value_at


def history_of(*pairs: tuple[int, int]) -> History:
    return History(tuple(Checkpoint(height=height, value=value) for height, value in pairs))


def test_a_number_that_never_changed_is_zero_at_every_height() -> None:
    assert value_at(EMPTY_HISTORY, 0) == 0
    assert latest(EMPTY_HISTORY) == 0


def test_a_change_is_seen_from_the_end_of_its_height_on() -> None:
    history = history_of((5, 10), (8, 20))
    assert [value_at(history, height) for height in (4, 5, 7, 8, 100)] == [0, 10, 10, 20, 20]


def test_the_last_of_several_changes_in_one_height_counts() -> None:
    first = record(history_of((5, 10)), height=8, value=20, live=())
    assert record(first, height=8, value=30, live=()) == history_of((5, 10), (8, 30))


def test_a_change_taken_back_in_its_height_leaves_no_trace() -> None:
    before = history_of((5, 10))
    assert record(record(before, height=8, value=20, live=()), height=8, value=10, live=()) == before


def test_without_snapshots_only_the_value_just_before_the_change_is_kept() -> None:
    assert record(history_of((2, 1), (5, 10)), height=8, value=20, live=()) == history_of((5, 10), (8, 20))


def test_a_live_snapshot_keeps_the_checkpoint_that_answers_for_it() -> None:
    history = history_of((2, 1), (5, 10), (7, 11))
    assert record(history, height=9, value=20, live=(3,)) == history_of((2, 1), (7, 11), (9, 20))


def test_a_number_that_became_zero_and_is_asked_by_nobody_has_an_empty_history() -> None:
    ended = record(history_of((5, 10)), height=8, value=0, live=())
    assert record(ended, height=12, value=0, live=()) == EMPTY_HISTORY


def test_a_history_out_of_order_or_with_a_repeated_value_is_not_well_formed() -> None:
    assert is_well_formed(history_of((2, 1), (5, 10)))
    assert not is_well_formed(history_of((5, 1), (5, 10)))
    assert not is_well_formed(history_of((2, 1), (5, 1)))
    assert not is_well_formed(history_of((2, 0)))
