"""Typed tables over the flat state."""

import pytest

from daonode.ledger.errors import NotFound
from daonode.ledger.overlay import Overlay
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.table import (
    ADDRESS_KEY,
    ONLY_KEY,
    TEXT_KEY,
    U64_KEY,
    CorruptRecord,
    Table,
    pair_key,
)
from daonode.primitives.codec import U64, EncodeError, Record
from daonode.primitives.ids import Address


class Score(Record, frozen=True):
    points: U64


ONE = Address(b"\x01" * 32)
TWO = Address(b"\xff" * 32)
SCORES = Table("game", 1, pair_key(ADDRESS_KEY, TEXT_KEY), Score)
ROUNDS = Table("game", 2, U64_KEY, Score)
TOTAL = Table("game", 31, ONLY_KEY, Score)


def test_a_record_is_found_under_its_key_and_no_other() -> None:
    state = Overlay(EMPTY_STATE)
    SCORES.set(state, (ONE, "chess"), Score(3))
    assert SCORES.get(state, (ONE, "chess")) == Score(3)
    assert SCORES.get(state, (ONE, "go")) is None
    assert SCORES.has(state, (ONE, "chess"))
    SCORES.delete(state, (ONE, "chess"))
    assert not SCORES.has(state, (ONE, "chess"))


def test_requiring_what_is_not_there_names_the_table() -> None:
    with pytest.raises(NotFound, match="there is no game Score at 7"):
        ROUNDS.require(Overlay(EMPTY_STATE), 7)


def test_a_key_is_module_tag_and_key() -> None:
    assert ROUNDS.state_key(258) == b"game\x02" + bytes([0, 0, 0, 0, 0, 0, 1, 2])
    assert TOTAL.state_key(None) == b"game\x1f"


def test_iterating_is_in_key_order_within_a_prefix_and_after_a_cursor() -> None:
    state = Overlay(EMPTY_STATE)
    for game in ("go", "chess", "shogi"):
        SCORES.set(state, (ONE, game), Score(1))
    SCORES.set(state, (TWO, "\U0010ffff"), Score(9))
    TOTAL.set(state, None, Score(0))
    assert [key for key, _ in SCORES.iterate(state)] == [
        (ONE, "chess"),
        (ONE, "go"),
        (ONE, "shogi"),
        (TWO, "\U0010ffff"),
    ]
    assert [key for key, _ in SCORES.iterate(state, prefix=TWO)] == [(TWO, "\U0010ffff")]
    assert [key[1] for key, _ in SCORES.iterate(state, prefix=ONE, after=(ONE, "go"))] == ["shogi"]
    assert list(SCORES.iterate(state, prefix=ONE, after=(TWO, "a"))) == []
    assert SCORES.first(state, prefix=TWO) == ((TWO, "\U0010ffff"), Score(9))
    assert ROUNDS.first(state) is None


def test_what_its_type_does_not_allow_cannot_be_stored() -> None:
    state = Overlay(EMPTY_STATE)
    for points in (-1, 2**64):
        with pytest.raises(EncodeError):
            ROUNDS.set(state, 0, Score(points))
    with pytest.raises(EncodeError, match="a key from 0"):
        ROUNDS.set(state, -1, Score(0))
    with pytest.raises(EncodeError, match="a key of 32 bytes"):
        SCORES.set(state, (Address(b"short"), "x"), Score(0))
    assert state.changes() == ()


def test_bytes_of_another_schema_or_damaged_ones_are_refused() -> None:
    state = Overlay(EMPTY_STATE)
    newer = Table("game", 2, U64_KEY, Score, schema=2)
    newer.set(state, 1, Score(1))
    with pytest.raises(CorruptRecord, match="expected schema 1, found 02"):
        ROUNDS.get(state, 1)
    state.set(ROUNDS.state_key(2), b"\x01\x91\xc0")
    with pytest.raises(CorruptRecord, match="game Score"):
        ROUNDS.get(state, 2)


def test_a_table_that_could_collide_with_another_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="tag from 1 to 31"):
        Table("game", 32, U64_KEY, Score)
    with pytest.raises(TypeError, match="put the text last"):
        pair_key(TEXT_KEY, U64_KEY)
