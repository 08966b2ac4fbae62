"""The store on a real disk: reads, batches, snapshots, and what it refuses to open."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plyvel
import pytest

from daonode.node.storage import (
    StorageError,
    Store,
    StoreClosed,
    StoreDamaged,
    StoreForeign,
    StoreKind,
    StoreLocked,
    StoreOptions,
    StoreUnavailable,
    StoreVersionUnknown,
    open_stores,
)
from daonode.primitives.ids import ChainId

CHAIN = ChainId("daonode:test")
SMALL = StoreOptions(write_buffer_bytes=1 << 16)

WRITER = """
import sys
from pathlib import Path
from daonode.node.storage import Store, StoreKind, StoreOptions
store = Store.open(
    Path(sys.argv[1]),
    kind=StoreKind.BLOCKS,
    chain_id="daonode:test",
    options=StoreOptions(write_buffer_bytes=1 << 16),
)
for height in range(1_000_000):
    batch = [(height.to_bytes(8) + bytes([part]), bytes([part]) * 700) for part in range(20)]
    store.write([*batch, (b"last", height.to_bytes(8))], sync=True)
    print(height, flush=True)
"""

HOLDER = """
import sys
from pathlib import Path
from daonode.node.storage import Store, StoreKind
store = Store.open(Path(sys.argv[1]), kind=StoreKind.BLOCKS, chain_id="daonode:test")
print("open", flush=True)
sys.stdin.read()
"""


# A limit on the size of files stands for a full disk: the log cannot grow, and then it can again.
FILLER = """
import resource
import signal
import sys
from pathlib import Path
from daonode.node.storage import Store, StoreKind, StoreUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open(Path(sys.argv[1]), kind=StoreKind.BLOCKS, chain_id="daonode:test")
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
written = 0
try:
    while True:
        store.write([(b"%d/%d" % (written, part), bytes(999)) for part in range(10)], sync=True)
        written += 1
except StoreUnavailable as error:
    print(written)
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
try:
    store.write([(b"more", b"")], sync=True)
except StoreUnavailable as error:
    print(error)
"""


def open_blocks(path: Path, *, chain_id: ChainId = CHAIN) -> Store:
    return Store.open(path, kind=StoreKind.BLOCKS, chain_id=chain_id, options=SMALL)


def in_another_process(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_blocks(tmp_path / "blocks") as opened:
        yield opened


def test_a_batch_puts_and_deletes_and_its_last_word_on_a_key_counts(store: Store) -> None:
    store.write([(b"a", b"1"), (b"b", b"2"), (b"c", b"")], sync=True)
    store.write([(b"a", None), (b"b", b"3"), (b"b", b"4"), (b"absent", None)], sync=False)
    assert [store.get(key) for key in (b"a", b"b", b"c", b"d")] == [None, b"4", b"", None]


def test_iteration_has_its_start_and_not_its_end_in_both_directions(store: Store) -> None:
    keys = [b"", b"\x00", b"a", b"aa", b"b", b"\xff\xff"]
    store.write([(key, b"v" + key) for key in keys], sync=False)

    def found(start: bytes | None, end: bytes | None) -> list[bytes]:
        forward = list(store.iterate(start=start, end=end))
        assert list(store.iterate(start=start, end=end, reverse=True)) == forward[::-1]
        assert all(value == b"v" + key for key, value in forward)
        return [key for key, _ in forward]

    assert found(None, None) == keys
    assert found(b"a", b"b") == [b"a", b"aa"]
    assert found(b"a\x00", None) == [b"aa", b"b", b"\xff\xff"]
    assert found(None, b"a") == [b"", b"\x00"]
    assert found(b"c", b"d") == []
    assert found(b"b", b"a") == []


def test_an_iteration_shows_the_moment_of_its_first_step(store: Store) -> None:
    store.write([(b"a", b"1"), (b"b", b"1")], sync=False)
    entries = store.iterate()
    assert next(entries) == (b"a", b"1")
    store.write([(b"b", b"2"), (b"c", b"2")], sync=False)
    assert list(entries) == [(b"b", b"1")]


def test_a_snapshot_does_not_move(store: Store) -> None:
    store.write([(b"a", b"1")], sync=False)
    with store.snapshot() as snapshot:
        store.write([(b"a", b"2"), (b"b", b"2")], sync=False)
        assert snapshot.get(b"a") == b"1"
        assert snapshot.get(b"b") is None
        assert list(snapshot.iterate()) == [(b"a", b"1")]
    assert store.get(b"a") == b"2"


def test_threads_read_while_another_writes(store: Store) -> None:
    store.write([(b"%d" % number, b"0") for number in range(500)], sync=False)

    def read(_: int) -> int:
        return sum(store.get(b"%d" % number) is not None for number in range(500))

    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(read, range(8))
        for version in range(200):
            store.write([(b"%d" % number, b"%d" % version) for number in range(0, 500, 5)], sync=False)
        assert list(counts) == [500] * 8


def test_closing_waits_for_threads_that_read_iterate_and_write(tmp_path: Path) -> None:
    for _ in range(5):
        store = open_blocks(tmp_path / "blocks")
        batch = [(b"%d" % number, bytes(2000)) for number in range(200)]
        store.write(batch, sync=False)
        snapshot = store.snapshot()
        started = threading.Barrier(5)

        def until_closed(step: Callable[[], object], started: threading.Barrier = started) -> bool:
            started.wait()
            try:
                while True:
                    step()
            except StoreClosed:
                return True

        with ThreadPoolExecutor(4) as pool:
            results = [
                pool.submit(until_closed, step)
                for step in (
                    lambda store=store: store.get(b"7"),
                    lambda store=store: list(store.iterate()),
                    lambda snapshot=snapshot: list(snapshot.iterate(reverse=True)),
                    lambda store=store, batch=batch: store.write(batch, sync=True),
                )
            ]
            started.wait()
            store.close()
            assert all(result.result() for result in results)
        snapshot.close()


def test_an_iteration_that_was_left_early_ends_with_the_store(tmp_path: Path) -> None:
    store = open_blocks(tmp_path / "blocks")
    store.write([(b"%03d" % number, b"") for number in range(100)], sync=False)
    entries = store.iterate()
    assert next(entries) == (b"000", b"")
    store.close()
    store.close()
    with pytest.raises(StoreClosed, match="is closed"):
        list(entries)


def test_a_failed_write_stops_all_writing_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with in_another_process(FILLER, tmp_path / "blocks") as filler:
        assert filler.stdout is not None
        acknowledged, first_error, second_error = filler.stdout.read().splitlines()
    assert filler.returncode == 0
    assert int(acknowledged) > 10
    assert "check permissions, free space and the disk" in first_error
    assert "an earlier write failed" in second_error
    with open_blocks(tmp_path / "blocks") as store:
        assert sum(1 for _ in store.iterate()) == 10 * int(acknowledged)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    with open_blocks(tmp_path / "blocks") as store:
        store.write([(b"a", b"1")], sync=True)
        store.close()
    with open_blocks(tmp_path / "blocks") as store:
        assert store.get(b"a") == b"1"


def test_no_batch_is_lost_or_halved_when_the_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    for stop_after in (1, 40, 150):
        with in_another_process(WRITER, path) as writer:
            assert writer.stdout is not None
            printed = [int(writer.stdout.readline()) for _ in range(stop_after)]
            os.kill(writer.pid, signal.SIGKILL)
            printed += [int(line) for line in writer.stdout]
        with open_blocks(path) as store:
            last = store.get(b"last")
            assert last is not None
            assert int.from_bytes(last) >= printed[-1]
            heights: dict[int, int] = {}
            for key, value in store.iterate(end=b"last"):
                assert value == key[8:] * 700
                heights[int.from_bytes(key[:8])] = heights.get(int.from_bytes(key[:8]), 0) + 1
            assert heights.keys() >= set(printed)
            assert set(heights.values()) == {20}


def test_a_store_that_another_process_has_open_is_refused_until_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    with in_another_process(HOLDER, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match="another daonode runs on this home") as raised:
            open_blocks(path)
        assert raised.value.path == path
        os.kill(holder.pid, signal.SIGKILL)
    open_blocks(path).close()


def test_a_store_that_this_process_has_open_is_refused(store: Store) -> None:
    with pytest.raises(StoreLocked):
        open_blocks(store.path)


def test_the_store_of_another_chain_is_refused(tmp_path: Path) -> None:
    open_blocks(tmp_path / "blocks").close()
    with pytest.raises(StoreForeign, match="where this node needs the blocks of chain daonode:other") as raised:
        open_blocks(tmp_path / "blocks", chain_id=ChainId("daonode:other"))
    assert raised.value.found == "the blocks of chain daonode:test"


def test_a_store_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    open_blocks(tmp_path / "blocks").close()
    with pytest.raises(StoreForeign, match="where this node needs the state of chain"):
        Store.open(tmp_path / "blocks", kind=StoreKind.STATE, chain_id=CHAIN)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("x")
    with pytest.raises(StoreForeign, match=r"other files \(holiday.jpg\)"):
        open_blocks(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_database_of_other_software_is_refused_and_unlocked(tmp_path: Path) -> None:
    path = str(tmp_path / "blocks")
    with plyvel.DB(path, create_if_missing=True) as database:
        database.put(b"a", b"1")
    with pytest.raises(StoreForeign, match="a database without daonode's marker"):
        open_blocks(tmp_path / "blocks")
    with plyvel.DB(path) as database:
        assert database.get(b"a") == b"1"


def test_an_interrupted_creation_is_taken_up_again(tmp_path: Path) -> None:
    open_blocks(tmp_path / "blocks").close()
    (tmp_path / "blocks" / "FORMAT").unlink()
    open_blocks(tmp_path / "blocks").close()
    assert (tmp_path / "blocks" / "FORMAT").exists()


@pytest.mark.parametrize(("schema", "advice"), [(2, "upgrade daonode"), (0, "start the release that wrote it")])
def test_a_store_of_another_format_is_refused(tmp_path: Path, schema: int, advice: str) -> None:
    open_blocks(tmp_path / "blocks").close()
    # A later format may have fields that this release has never heard of.
    (tmp_path / "blocks" / "FORMAT").write_text(json.dumps({"schema": schema, "engine": "other"}))
    with pytest.raises(StoreVersionUnknown, match=f"has format {schema}, this release reads 1: {advice}"):
        open_blocks(tmp_path / "blocks")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"schema": 1, "kind": "photos"}'])
def test_a_marker_that_cannot_be_understood_is_damage(tmp_path: Path, content: bytes) -> None:
    open_blocks(tmp_path / "blocks").close()
    (tmp_path / "blocks" / "FORMAT").write_bytes(content)
    with pytest.raises(StoreDamaged, match="FORMAT: "):
        open_blocks(tmp_path / "blocks")


def filled(path: Path) -> list[Path]:
    """A closed store large enough to have tables; returns them."""
    with open_blocks(path) as store:
        for start in range(0, 4000, 100):
            store.write([(b"%06d" % number, os.urandom(200)) for number in range(start, start + 100)], sync=False)
    tables = sorted(path.glob("*.ldb"))
    assert tables
    return tables


def read_all(path: Path) -> None:
    with open_blocks(path) as store:
        assert sum(1 for _ in store.iterate()) == 4000


def test_a_truncated_table_is_detected(tmp_path: Path) -> None:
    table = filled(tmp_path / "blocks")[0]
    os.truncate(table, table.stat().st_size // 2)
    with pytest.raises(StoreDamaged, match=r"is damaged .* move the folder"):
        read_all(tmp_path / "blocks")


def test_a_flipped_bit_is_detected_by_get_and_by_iteration(tmp_path: Path) -> None:
    table = filled(tmp_path / "blocks")[0]
    content = bytearray(table.read_bytes())
    content[1000] ^= 1
    table.write_bytes(content)
    with pytest.raises(StoreDamaged, match="checksum mismatch"):
        read_all(tmp_path / "blocks")
    with open_blocks(tmp_path / "blocks") as store, pytest.raises(StoreDamaged, match="checksum mismatch"):
        any(store.get(b"%06d" % number) is None for number in range(4000))


def test_a_damaged_log_is_detected(tmp_path: Path) -> None:
    filled(tmp_path / "blocks")
    log = next((tmp_path / "blocks").glob("*.log"))
    content = bytearray(log.read_bytes())
    content[len(content) // 3] ^= 1
    log.write_bytes(content)
    with pytest.raises(StoreDamaged, match="checksum mismatch"):
        open_blocks(tmp_path / "blocks")


@pytest.mark.parametrize("pattern", ["*.ldb", "CURRENT", "MANIFEST-*"])
def test_a_missing_file_is_detected(tmp_path: Path, pattern: str) -> None:
    filled(tmp_path / "blocks")
    next((tmp_path / "blocks").glob(pattern)).unlink()
    with pytest.raises(StoreDamaged):
        open_blocks(tmp_path / "blocks")


def test_a_path_that_is_a_file_or_below_one_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "blocks"):
        with pytest.raises(StoreUnavailable, match="check permissions, free space and the disk"):
            open_blocks(path)


def test_a_home_has_all_stores_and_refuses_to_open_some_without_another(tmp_path: Path) -> None:
    stores = open_stores(tmp_path, chain_id=CHAIN)
    stores.blocks.write([(b"a", b"block")], sync=True)
    assert stores.state.get(b"a") is None
    stores.close()
    assert sorted(entry.name for entry in (tmp_path / "data").iterdir()) == ["blocks", "snapshots", "state"]
    (tmp_path / "data" / "state" / "FORMAT").write_bytes(b"")
    with pytest.raises(StorageError):
        open_stores(tmp_path, chain_id=CHAIN)
    open_blocks(tmp_path / "data" / "blocks").close()


def test_what_is_mapped_of_a_large_store_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "store"
    options = StoreOptions()
    with Store.open(path, kind=StoreKind.BLOCKS, chain_id=CHAIN, options=options) as store:
        for batch in range(90):
            store.write([(part.to_bytes(2) + bytes([batch]), os.urandom(1_000)) for part in range(2_000)], sync=False)
        assert sum(1 for _ in store.iterate()) == 90 * 2_000
        mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if f"{path}/" in line]
    assert len(list(path.glob("*.ldb"))) > 1.5 * options.open_tables
    # Beside the open ones there are those that a compaction or the iteration holds.
    assert 0 < len(mapped) < 1.3 * options.open_tables
