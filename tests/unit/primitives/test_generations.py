"""What was put last is remembered, within a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daonode.primitives.generations import Generations


@given(puts=st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers())), most=st.integers(1, 5))
def test_whatever_is_remembered_is_what_was_put_last(puts: list[tuple[int, int | None]], most: int) -> None:
    memory: Generations[int, int | None] = Generations(most)
    last: dict[int, int | None] = {}
    for key, value in puts:
        memory.put(key, value)
        last.pop(key, None)
        last[key] = value
        kept = [key for key in last if memory.get(key, "not here") != "not here"]
        assert all(memory.get(key, "not here") == last[key] for key in kept)
        assert set(list(last)[-most:]) <= set(kept)
        assert len(kept) <= 2 * most


def test_what_was_never_put_gives_the_default() -> None:
    assert Generations[int, int](1).get(7, "nothing") == "nothing"
