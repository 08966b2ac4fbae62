"""Stores that were changed by hand, mixed or cut: named when a node starts, and wherever such a record is read."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from daonode.node.errors import DiskFailed
from daonode.node.home import Home
from daonode.node.opening import prepare_stores
from daonode.node.storage import Stores, open_stores
from daonode.node.storage.errors import StoreDamaged
from daonode.node.transport.types import Lane
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId, TxId
from daonode.replica.archive import Archive
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import (
    BLOCK_PREFIX,
    HEADER_PREFIX,
    NODE_PREFIX,
    RECEIPTS_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    Tip,
    block_key,
    height_key,
)
from daonode.replica.messages import TransactionsMessage
from tests.unit.node.chains import CHAIN_ID, make_test_chain, raw_transfer
from tests.unit.node.rpc.calling import Caller
from tests.unit.node.rpc.fake_node import ALICE, MemoryStore, id_of, transfer
from tests.unit.node.test_driver import running

HEIGHTS = 3
TX_ID = f"0x{id_of(transfer()).hex()}"
ADDRESS = encode_account(ALICE.address)
RAW = f"0x{transfer(sequence=1).hex()}"
QUERY = {"module": "accounts", "name": "balance", "args": {"account": ADDRESS, "asset": "dao"}}
GARBAGE = b"\xc1 is never used in MessagePack"
Damage = Callable[[Stores], None]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stores of a chain of a few blocks."""
    folder = tmp_path_factory.mktemp("used")

    async def fill() -> None:
        async with running(folder) as node:
            for height in range(HEIGHTS):
                await node.submit(height)
                await node.driver.wait_for_height(height + 1)

    trio.run(fill)
    return folder


@pytest.fixture
def home(used: Path, tmp_path: Path) -> Home:
    """A copy that a test may damage."""
    shutil.copytree(used / "data", tmp_path / "data")
    return Home(tmp_path)


@contextmanager
def stores_of(home: Home) -> Iterator[Stores]:
    stores = open_stores(home.path, chain_id=CHAIN_ID)
    try:
        yield stores
    finally:
        stores.close()


def start(home: Home) -> None:
    """Begin as a node begins."""
    with stores_of(home) as stores:
        prepare_stores(stores, make_test_chain(1).chain)


def tip_of(stores: Stores) -> Tip:
    return Archive(stores.blocks, stores.state).tip()


def forget(store: str, key: Callable[[Stores], bytes]) -> Damage:
    return lambda stores: getattr(stores, store).write([(key(stores), None)], sync=True)


def spoil(key: Callable[[Stores], bytes], value: bytes = GARBAGE) -> Damage:
    return lambda stores: stores.state.write([(key(stores), value)], sync=True)


def exchange_headers(stores: Stores) -> None:
    """The header of one height under another, as a careless copy leaves it."""
    old = stores.state.get(height_key(HEADER_PREFIX, 1))
    stores.state.write([(height_key(HEADER_PREFIX, 2), old)], sync=True)


def set_back_the_tip(stores: Stores) -> None:
    header = Archive(stores.blocks, stores.state).committed(1)
    assert header is not None
    tip = Tip(height=2, block_id=header.block_id, next_deadline_ms=None)
    stores.state.write([(TIP_KEY, encode(tip))], sync=True)


def take_another_root(stores: Stores) -> None:
    node = stores.state.get(NODE_PREFIX + (1).to_bytes(8, "big"))
    stores.state.write([(NODE_PREFIX + HEIGHTS.to_bytes(8, "big"), node)], sync=True)


TIP = pytest.param(spoil(lambda _: TIP_KEY), "store state is damaged: the tip", id="tip")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        TIP,
        (forget("state", lambda _: TIP_KEY), "store state is damaged: the tip: it is missing"),
        (set_back_the_tip, "store state is damaged: the tip: it is not the block stored at 2"),
        (spoil(lambda _: height_key(HEADER_PREFIX, HEIGHTS)), f"the header at height {HEIGHTS}"),
        (
            forget("state", lambda _: height_key(HEADER_PREFIX, HEIGHTS)),
            f"the header at height {HEIGHTS}: it is missing",
        ),
        (forget("state", lambda _: height_key(HEADER_PREFIX, 1)), "the header at height 1: it is missing"),
        (exchange_headers, "the header at height 2: it is another block's"),
        (spoil(lambda _: NODE_PREFIX + HEIGHTS.to_bytes(8, "big")), "the root of the state tree"),
        (forget("state", lambda _: NODE_PREFIX + HEIGHTS.to_bytes(8, "big")), "the root of the state tree"),
        (take_another_root, "the root of the state tree at height 3: it is"),
        (forget("blocks", lambda stores: block_key(tip_of(stores).block_id)), "store blocks is damaged: the block at"),
    ],
)
def test_a_damaged_store_is_named_at_the_start_with_the_record_and_what_to_do(
    home: Home, damage: Damage, told: str
) -> None:
    with stores_of(home) as stores:
        damage(stores)
    with pytest.raises(RecordDamaged) as caught:
        start(home)
    assert told in str(caught.value)
    assert "keep data/signer, and start again" in str(caught.value)


def test_the_folders_of_two_homes_do_not_make_one(home: Home) -> None:
    """`state` of one chain beside `blocks` of another home that has not come as far."""
    shutil.rmtree(home.data_directory / "blocks")
    with pytest.raises(RecordDamaged, match="store blocks is damaged"):
        start(home)


def test_a_whole_store_is_taken_as_it_is(home: Home) -> None:
    start(home)
    with stores_of(home) as stores:
        assert tip_of(stores).height == HEIGHTS


@given(junk=st.binary(max_size=200))
def test_whatever_stands_in_a_record_reading_it_gives_a_value_or_names_the_store(junk: bytes) -> None:
    archive = Archive(Everywhere(junk), Everywhere(junk))
    for store, read in (
        ("state", archive.tip),
        ("state", lambda: archive.committed(7)),
        ("state", lambda: archive.receipts(7)),
        ("state", lambda: archive.place(TxId(bytes(32)))),
        ("blocks", lambda: archive.block(BlockId(bytes(32)))),
    ):
        assert problem_with(read) in {None, store}


def problem_with(read: Callable[[], object]) -> str | None:
    """Which store a reading says is damaged."""
    try:
        read()
    except RecordDamaged as error:
        return error.store if f"the store {error.store} is damaged" in str(error) else "unnamed"
    return None


class Everywhere:
    """A database with one value under every key."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def get(self, key: bytes, /) -> bytes | None:
        return self._value

    def iterate(self, *, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        yield start + bytes(40), self._value


def everything_under(prefix: bytes) -> Callable[[MemoryStore], None]:
    """Spoil all records that begin like this."""
    return lambda store: store.write([(key, GARBAGE) for key in store.pairs if key.startswith(prefix)])


@pytest.mark.parametrize(
    ("store", "prefix", "method", "parameters", "told"),
    [
        ("state", HEADER_PREFIX, "dao_getBlock", {"height": 1}, "the store state is damaged: the header at height"),
        ("state", TIP_KEY, "dao_query", QUERY, "the store state is damaged: the tip"),
        ("state", RECEIPTS_PREFIX, "dao_getReceipt", {"tx_id": TX_ID}, "the store state is damaged: the receipts"),
        ("state", STATE_PREFIX, "dao_getAccount", {"address": ADDRESS}, "the store state is damaged: a record"),
        ("state", STATE_PREFIX, "dao_sendRawTransaction", {"transaction": RAW}, "the store state is damaged: a record"),
        ("state", NODE_PREFIX, "dao_getProof", {"key": "0x00"}, "the store state is damaged: a record"),
        ("blocks", BLOCK_PREFIX, "dao_getTransaction", {"tx_id": TX_ID}, "the store blocks is damaged: the block"),
    ],
)
async def test_a_damaged_record_that_a_call_meets_has_an_error_of_its_own_that_names_the_store_and_what_to_do(
    store: str, prefix: bytes, method: str, parameters: dict[str, object], told: str
) -> None:
    caller = Caller()
    await caller.call("dao_sendRawTransaction", transaction="0x" + transfer().hex())
    caller.node.commit()
    everything_under(prefix)(getattr(caller.node, store))
    structlog.reset_defaults()
    with capture_logs() as lines:
        error = await caller.refusal(method, **parameters)
    assert (error["code"], error["reason"], error["retryable"]) == (-32006, "store_damaged", True)
    assert str(error["message"]).startswith(told)
    assert "move data/blocks and data/state away, keep data/signer, and start again" in str(error["message"])
    assert [line["event"] for line in lines] == ["a store is damaged: a call cannot be answered"]


async def test_files_of_a_store_that_are_damaged_are_told_without_a_path_of_the_machine(tmp_path: Path) -> None:
    caller = Caller()
    caller.node.failure = StoreDamaged(path=tmp_path / "state", detail="checksum mismatch")
    error = await caller.refusal("dao_status")
    assert error["code"] == -32006
    assert "the store state is damaged: its files" in str(error["message"])
    assert str(tmp_path) not in str(error)


async def test_a_state_that_is_damaged_while_the_node_runs_stops_it_with_the_reason(used: Path, tmp_path: Path) -> None:
    shutil.copytree(used, tmp_path, dirs_exist_ok=True)
    stores = open_stores(tmp_path, chain_id=CHAIN_ID)
    raw = raw_transfer(HEIGHTS, now_ms=time.time_ns() // 1_000_000)
    state = [(key, GARBAGE) for key, _ in stores.state.iterate(start=STATE_PREFIX, end=bytes([STATE_PREFIX[0] + 1]))]

    async def run() -> None:
        async with running(tmp_path, stores=stores) as node:
            stores.state.write(state, sync=True)
            node.network.arrive(Lane.MEMPOOL, encode(TransactionsMessage(transactions=(raw,))))
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert caught.group_contains(DiskFailed, match="the node stops: what it reads from its stores is damaged")
