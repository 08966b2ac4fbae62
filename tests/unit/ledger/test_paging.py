"""Pages of what is numbered, the newest first."""

import pytest

from daonode.ledger.errors import QueryError
from daonode.ledger.paging import MAX_SCANNED, newest_first


def even(number: int) -> int | None:
    return number if number % 2 == 0 else None


def test_pages_follow_one_another_without_a_gap_or_a_repetition() -> None:
    first, cursor = newest_first(even, last=9, cursor=None, limit=2)
    second, end = newest_first(even, last=12, cursor=cursor, limit=2)
    assert (first, second) == ((8, 6), (4, 2))
    assert newest_first(even, last=12, cursor=end, limit=2) == ((), None)


def test_of_nothing_there_is_one_empty_page() -> None:
    assert newest_first(even, last=0, cursor=None, limit=1) == ((), None)


def test_a_page_looks_at_a_bounded_number_of_records() -> None:
    asked: list[int] = []

    def nothing(number: int) -> int | None:
        asked.append(number)
        return None

    assert newest_first(nothing, last=5_000, cursor=None, limit=1) == ((), str(5_001 - MAX_SCANNED))
    assert len(asked) == MAX_SCANNED


@pytest.mark.parametrize("cursor", ["", "x", "-1", "0x1", " 1", "1" * 20, "²"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="is no cursor"):
        newest_first(even, last=9, cursor=cursor, limit=1)


def test_a_cursor_below_everything_ends_the_list() -> None:
    assert newest_first(even, last=9, cursor="0", limit=1) == ((), None)
