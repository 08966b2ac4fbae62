"""Gets that seek: they see every write, and cost a large store no rewriting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daonode.node.storage import Store, StoreKind, StoreOptions
from daonode.primitives.ids import ChainId

CHAIN = ChainId("daonode:test")
SMALL = StoreOptions(write_buffer_bytes=1 << 16)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", kind=StoreKind.STATE, chain_id=CHAIN, options=SMALL) as opened:
        yield opened


def test_what_was_written_between_two_gets_is_seen_by_the_second(store: Store) -> None:
    for number in range(3):
        store.write([(b"a", b"%d" % number), (b"b%d" % number, b"")], sync=False)
        assert [store.get(b"a"), store.get(b"b%d" % number), store.get(b"b9")] == [b"%d" % number, b"", None]


def test_gets_do_not_make_leveldb_rewrite_a_large_store(tmp_path: Path) -> None:
    path = tmp_path / "store"
    keys = [number.to_bytes(4) for number in range(20_000)]
    with Store.open(path, kind=StoreKind.STATE, chain_id=CHAIN, options=SMALL) as store:
        for start in range(0, len(keys), 1_000):
            store.write([(key, bytes(200)) for key in keys[start : start + 1_000]], sync=False)
        store.write([(keys[0] + b"new", bytes(40_000)), (keys[-1] + b"new", bytes(40_000))], sync=False)
        store.write([(keys[0] + b"last", bytes(40_000))], sync=True)
    # Opening writes the log to a table above the others, whose range has all keys: each get looks there first.
    with Store.open(path, kind=StoreKind.STATE, chain_id=CHAIN, options=SMALL) as store:
        tables = set(path.glob("*.ldb"))
        assert all(store.get(key) == bytes(200) for key in keys)
        store.write([(b"more", bytes(1 << 17)), (b"and more", b"")], sync=True)
        assert tables <= set(path.glob("*.ldb"))
