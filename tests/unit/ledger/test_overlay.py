"""Changes on top of a state that is never written to."""

from collections.abc import Iterator

from daonode.ledger.overlay import Overlay
from daonode.ledger.state import EMPTY_STATE


def stored(**values: bytes) -> Overlay:
    overlay = Overlay(EMPTY_STATE)
    for key, value in values.items():
        overlay.set(key.encode(), value)
    return overlay


def everything(overlay: Overlay) -> list[tuple[bytes, bytes]]:
    return list(overlay.iterate(b"", b"\xff"))


def test_changes_hide_the_parents_values_and_leave_the_parent_alone() -> None:
    parent = stored(a=b"1", b=b"2", d=b"4")
    overlay = Overlay(parent)
    overlay.set(b"c", b"3")
    overlay.set(b"a", b"one")
    overlay.delete(b"b")
    assert everything(overlay) == [(b"a", b"one"), (b"c", b"3"), (b"d", b"4")]
    assert everything(parent) == [(b"a", b"1"), (b"b", b"2"), (b"d", b"4")]
    assert overlay.changes() == ((b"a", b"one"), (b"b", None), (b"c", b"3"))


def test_an_iteration_has_an_end_that_is_not_in_it() -> None:
    overlay = Overlay(stored(a=b"1", b=b"2", c=b"3"))
    overlay.set(b"ab", b"x")
    assert list(overlay.iterate(b"a", b"c")) == [(b"a", b"1"), (b"ab", b"x"), (b"b", b"2")]


def test_a_rollback_undoes_everything_since_its_savepoint_at_any_depth() -> None:
    overlay = Overlay(stored(a=b"1"))
    overlay.set(b"b", b"2")
    outer = overlay.savepoint()
    overlay.delete(b"a")
    inner = overlay.savepoint()
    overlay.set(b"a", b"3")
    overlay.set(b"c", b"4")
    assert len(everything(overlay)) == 3
    overlay.rollback(inner)
    assert everything(overlay) == [(b"b", b"2")]
    overlay.rollback(outer)
    assert everything(overlay) == [(b"a", b"1"), (b"b", b"2")]
    assert overlay.changes() == ((b"b", b"2"),)


def test_changing_while_iterating_shows_the_state_as_it_was_when_the_iteration_began() -> None:
    overlay = Overlay(stored(a=b"1", c=b"3"))
    overlay.set(b"b", b"2")
    seen = []
    for key, _ in overlay.iterate(b"", b"\xff"):
        overlay.delete(key)
        overlay.set(key + b"new", b"x")
        seen.append(key)
    assert seen == [b"a", b"b", b"c"]
    assert [key for key, _ in everything(overlay)] == [b"anew", b"bnew", b"cnew"]


def test_keys_set_after_an_iteration_are_in_the_next_one() -> None:
    overlay = Overlay(EMPTY_STATE)
    overlay.set(b"b", b"2")
    assert len(everything(overlay)) == 1
    overlay.set(b"a", b"1")
    assert everything(overlay) == [(b"a", b"1"), (b"b", b"2")]


class Counting:
    """A parent that counts how often each key is read."""

    def __init__(self, values: dict[bytes, bytes]) -> None:
        self.values = values
        self.reads: list[bytes] = []

    def get(self, key: bytes, /) -> bytes | None:
        self.reads.append(key)
        return self.values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, self.values[key]) for key in sorted(self.values) if start <= key < end])


def test_the_parent_is_read_once_for_a_key_there_or_not_and_a_change_still_hides_it() -> None:
    parent = Counting({b"a": b"1"})
    overlay = Overlay(parent)
    assert [overlay.get(b"a"), overlay.get(b"a"), overlay.get(b"none"), overlay.get(b"none")] == [
        b"1",
        b"1",
        None,
        None,
    ]
    assert parent.reads == [b"a", b"none"]
    savepoint = overlay.savepoint()
    overlay.set(b"a", b"2")
    overlay.set(b"none", b"3")
    assert [overlay.get(b"a"), overlay.get(b"none")] == [b"2", b"3"]
    overlay.rollback(savepoint)
    assert [overlay.get(b"a"), overlay.get(b"none")] == [b"1", None]
    assert overlay.changes() == ()
