"""What every store does alike: rows and head together, pages by key, one state for a snapshot."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.primitives.ids import check_block_id, check_chain_id, check_hash
from daonode.primitives.units import U64_MAX
from daonode.stores.access import Between, Change, Changes, Head, Reader, Snapshot, Value, Writer
from daonode.stores.errors import ChangesRefused
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import BalanceRow, EventRow, MemberRow, Row, SpendRow
from daonode.stores.sqlite import open_reader, open_writer
from daonode.stores.tables import BALANCES, EVENTS, MEMBERS, SPENDS, TABLES, Table

R = TypeVar("R", bound=Row)


class Pair(Protocol):
    """A store's two sides."""

    writer: Writer
    reader: Reader


class MemoryPair:
    def __init__(self) -> None:
        self.writer = self.reader = MemoryStore()


class SqlitePair:
    def __init__(self, path: Path) -> None:
        self.writer = open_writer(path)
        self.reader = open_reader(path)

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    if request.param == "memory":
        yield MemoryPair()
        return
    pair = SqlitePair(tmp_path / "index.sqlite")
    yield pair
    pair.close()


def head(height: int, *, chain: str = "daonode:test", genesis: int = 1) -> Head:
    return Head(
        chain_id=check_chain_id(chain),
        genesis_hash=check_hash(bytes([genesis]) * 32),
        height=height,
        block_id=check_block_id(height.to_bytes(32, "big")),
        time_ms=1_700_000_000_000 + height,
    )


def put(table: Table[Row], row: Row) -> Change:
    return Change(table=table, key=tuple(getattr(row, name) for name in table.key), row=row)


def balance(account: int, amount: int, asset: str = "dao") -> BalanceRow:
    return BalanceRow(account=bytes([account]) * 32, asset=asset, amount=amount, is_treasury=account == 0)


def event(height: int, position: int, type_: str, proposal: bytes | None = None) -> EventRow:
    return EventRow(
        height=height, position=position, time_ms=height, type=type_, tx_id=None, proposal=proposal, value="{}"
    )


def member(index: int, name: str, *, active: bool = True) -> MemberRow:
    return MemberRow(
        account=bytes([index]) * 32,
        member_index=index,
        name=name,
        role="",
        about="",
        active=active,
        registrar=None,
        registered_at_ms=0,
        votes_cast=0,
        proposals_made=0,
    )


def pages(snapshot: Snapshot, table: Table[R], *, order: Sequence[str], size: int, **filters: Value) -> list[list[R]]:
    """All rows, a page at a time."""
    found: list[list[R]] = []
    after: tuple[Value, ...] | None = None
    while page := snapshot.page(table, order=order, where=filters, after=after, limit=size):
        found.append(page)
        after = tuple(getattr(page[-1], name) for name in order)
    return found


def test_an_empty_store_has_no_head_and_no_rows(store: Pair) -> None:
    assert store.writer.head() is None
    assert store.reader.head() is None
    assert store.reader.get(MEMBERS, bytes(32)) is None
    assert store.reader.page(MEMBERS, order=("member_index",)) == []


def test_rows_and_head_come_together(store: Pair) -> None:
    store.writer.apply(Changes(head(3), (put(MEMBERS, member(1, "ann")), put(BALANCES, balance(1, 5)))))
    assert store.reader.head() == head(3) == store.writer.head()
    assert store.reader.get(MEMBERS, bytes([1]) * 32) == member(1, "ann")
    assert store.writer.get(BALANCES, bytes([1]) * 32, "dao") == balance(1, 5)


def test_a_later_change_replaces_or_removes(store: Pair) -> None:
    store.writer.apply(Changes(head(1), (put(BALANCES, balance(1, 5)), put(BALANCES, balance(2, 6)))))
    removed = Change(BALANCES, (bytes([1]) * 32, "dao"), None)
    store.writer.apply(Changes(head(2), (removed, put(BALANCES, balance(2, 7)))))
    assert store.reader.get(BALANCES, bytes([1]) * 32, "dao") is None
    assert store.reader.get(BALANCES, bytes([2]) * 32, "dao") == balance(2, 7)


@pytest.mark.parametrize(
    "refused", [head(3), head(2), head(4, chain="daonode:other"), head(4, genesis=2)], ids=lambda each: str(each)[:60]
)
def test_what_does_not_follow_is_refused_and_changes_nothing(store: Pair, refused: Head) -> None:
    store.writer.apply(Changes(head(3), (put(BALANCES, balance(1, 5)),)))
    with pytest.raises(ChangesRefused):
        store.writer.apply(Changes(refused, (put(BALANCES, balance(1, 99)),)))
    assert store.reader.head() == head(3)
    assert store.reader.get(BALANCES, bytes([1]) * 32, "dao") == balance(1, 5)


@pytest.mark.parametrize("amount", [0, 1, 2**63 - 1, 2**63, U64_MAX])
def test_every_unsigned_number_is_kept_exactly(store: Pair, amount: int) -> None:
    store.writer.apply(Changes(head(1), (put(BALANCES, balance(1, amount)),)))
    assert store.reader.get(BALANCES, bytes([1]) * 32, "dao") == balance(1, amount)


def test_pages_neither_drop_nor_repeat(store: Pair) -> None:
    rows = [event(height, position, "a.B") for height in range(1, 5) for position in range(3)]
    store.writer.apply(Changes(head(9), [put(EVENTS, row) for row in reversed(rows)]))
    for size in (1, 2, 5, 12, 50):
        found = pages(store.reader, EVENTS, order=("height", "position"), size=size)
        assert list(itertools.chain(*found)) == rows


def test_a_page_filters_by_equality_and_by_range(store: Pair) -> None:
    named = bytes([7]) * 32
    rows = [event(height, 0, "a.B" if height % 2 else "a.C", named if height > 3 else None) for height in range(1, 8)]
    store.writer.apply(Changes(head(9), [put(EVENTS, row) for row in rows]))
    order = ("height", "position")
    read = store.reader.page
    assert [row.height for row in read(EVENTS, order=order, where={"type": "a.B"})] == [1, 3, 5, 7]
    assert [row.height for row in read(EVENTS, order=order, where={"proposal": None})] == [1, 2, 3]
    both: dict[str, Value | Between] = {"proposal": named, "type": "a.C"}
    assert [row.height for row in read(EVENTS, order=order, where=both)] == [4, 6]
    assert [row.height for row in read(EVENTS, order=order, where={"height": Between(3, 6)})] == [3, 4, 5]
    assert [row.height for row in read(EVENTS, order=order, where={"height": Between(high=3)})] == [1, 2]
    newest = read(EVENTS, order=order, where={"height": Between(low=6)}, descending=True, limit=1)
    assert [row.height for row in newest] == [7]
    assert [row.height for row in read(EVENTS, order=order, descending=True, after=(5, 0), limit=2)] == [4, 3]
    assert read(EVENTS, order=order, where={"height": 2**70}) == []
    assert read(EVENTS, order=order, after=(2**70, 0)) == []


def test_flags_filter_too(store: Pair) -> None:
    members = [member(1, "ann"), member(2, "bo", active=False), member(3, "cy")]
    store.writer.apply(Changes(head(1), [put(MEMBERS, each) for each in members]))
    found = store.reader.page(MEMBERS, order=("member_index",), where={"active": True})
    assert found == [members[0], members[2]]


def test_a_snapshot_sees_one_state(store: Pair) -> None:
    store.writer.apply(Changes(head(1), (put(BALANCES, balance(1, 5)),)))
    with store.reader.snapshot() as snapshot:
        store.writer.apply(Changes(head(2), (put(BALANCES, balance(1, 6)),)))
        assert snapshot.head() == head(1)
        assert snapshot.get(BALANCES, bytes([1]) * 32, "dao") == balance(1, 5)
    assert store.reader.get(BALANCES, bytes([1]) * 32, "dao") == balance(1, 6)


def test_an_order_without_an_index_is_refused(store: Pair) -> None:
    with pytest.raises(ValueError, match="no index for the order about"):
        store.reader.page(MEMBERS, order=("about", "account"))
    with pytest.raises(ValueError, match="no index for the order name, account"):
        store.reader.page(MEMBERS, order=("name", "account"))


amounts = st.lists(st.integers(min_value=0, max_value=U64_MAX), min_size=1, max_size=20, unique=True)


@settings(max_examples=30, deadline=None)
@given(amounts=amounts)
def test_both_stores_answer_alike(amounts: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    sqlite = SqlitePair(tmp_path_factory.mktemp("store") / "index.sqlite")
    memory = MemoryPair()
    rows = [
        SpendRow(
            id=index.to_bytes(32, "big"),
            proposal=bytes(32),
            track=0,
            asset="dao",
            amount=amount,
            beneficiary=bytes(32),
            status="approved" if amount % 2 else "paid",
            valid_from_ms=amount,
            expires_at_ms=None,
            approved_at_ms=amount % 7,
            paid_at_ms=None,
            failure=None,
            updated_height=1,
        )
        for index, amount in enumerate(amounts)
    ]
    middle = sorted(amounts)[len(amounts) // 2]
    pairs: tuple[Pair, ...] = (sqlite, memory)
    for pair in pairs:
        pair.writer.apply(Changes(head(1), [put(SPENDS, row) for row in rows]))
    filters: list[dict[str, Value | Between]] = [
        {},
        {"amount": Between(low=middle)},
        {"valid_from_ms": Between(high=middle)},
        {"status": "paid"},
        {"expires_at_ms": None},
        {"expires_at_ms": Between(low=0)},
    ]
    for where in filters:
        for descending in (False, True):
            found = [
                pair.reader.page(SPENDS, order=("approved_at_ms", "id"), where=where, descending=descending)
                for pair in pairs
            ]
            assert found[0] == found[1]
    sqlite.close()


def test_every_table_has_a_key_that_is_of_its_row() -> None:
    for table in TABLES:
        fields = table.row.__struct_fields__
        assert set(table.key).union(*table.indexes) <= set(fields), table.name
    assert len({table.name for table in TABLES}) == len(TABLES)
