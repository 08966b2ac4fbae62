"""Which past heights somebody still reads."""

import pytest

from daonode.ledger import snapshots
from daonode.ledger.errors import LimitExceeded
from tests.unit.ledger.worlds import make_context


def test_a_height_is_live_until_every_holder_released_it() -> None:
    context = make_context()
    for height in (9, 5, 5):
        snapshots.hold(context, height)
    assert snapshots.live(context.state) == (5, 9)
    snapshots.release(context, 5)
    assert snapshots.live(context.state) == (5, 9)
    snapshots.release(context, 5)
    assert snapshots.live(context.state) == (9,)


def test_releasing_what_nobody_holds_changes_nothing() -> None:
    context = make_context()
    snapshots.hold(context, 9)
    snapshots.release(context, 8)
    assert snapshots.live(context.state) == (9,)


def test_live_heights_are_bounded_and_a_held_one_can_always_be_held_again() -> None:
    context = make_context()
    for height in range(snapshots.MAX_LIVE_SNAPSHOTS):
        snapshots.hold(context, height)
    snapshots.hold(context, 0)
    with pytest.raises(LimitExceeded, match="128 heights"):
        snapshots.hold(context, 1_000)
