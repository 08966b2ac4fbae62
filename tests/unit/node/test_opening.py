"""What a node begins with: the genesis block is executed once, and no store is begun or used with another document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daonode.genesis.errors import GenesisError
from daonode.node import opening
from daonode.node.home import Home, HomeError
from daonode.node.opening import FILE_KEY, open_home, prepare_stores
from daonode.replica.bootstrap import Chain, NewChain
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import GENESIS_KEY, TIP_KEY
from tests.unit.node.chains import make_test_chain

NEW = make_test_chain(1).chain


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    home.genesis.write_bytes(NEW.document.to_bytes())
    return home


def start(home: Home) -> Chain:
    """Begin and end as a node does; returns the chain that it would run."""
    stores, chain = open_home(home)
    try:
        return prepare_stores(stores, chain)
    finally:
        stores.close()


def contents(home: Home) -> list[tuple[bytes, bytes]]:
    stores, _ = open_home(home)
    try:
        return [pair for pair in stores.state.iterate() if pair[0] != FILE_KEY]
    finally:
        stores.close()


@pytest.fixture
def nothing_is_executed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reading a document or executing its genesis block fails from the test's first start on."""

    def refuse(*_: object) -> None:
        raise GenesisError(path="$", reason="read again")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "load_document", refuse)
        patch.setattr(opening, "make_chain", refuse)
        yield


def test_a_first_start_writes_the_first_state_and_keeps_nothing_of_it(home: Home) -> None:
    chain = start(home)
    assert not isinstance(chain, NewChain)
    assert contents(home) == sorted((key, value) for key, value in NEW.genesis_writes() if value is not None)


def test_a_later_start_has_the_same_chain_without_reading_the_document(
    home: Home, request: pytest.FixtureRequest
) -> None:
    first = start(home)
    request.getfixturevalue("nothing_is_executed")
    second = start(home)
    for chain in (first, second):
        assert (chain.description, chain.genesis, chain.validators, chain.genesis_qc, chain.genesis_hash) == (
            NEW.description, NEW.genesis, NEW.validators, NEW.genesis_qc, NEW.document.hash(),
        )  # fmt: skip
        names = [module.name for module in chain.application.registry.modules]
        assert names == [module.name for module in NEW.document.registry.modules]


def test_the_same_document_in_another_file_is_read_once_more(home: Home, request: pytest.FixtureRequest) -> None:
    start(home)
    home.genesis.write_bytes(b"\n" + NEW.document.to_bytes())
    assert start(home).genesis == NEW.genesis
    request.getfixturevalue("nothing_is_executed")
    assert start(home).genesis == NEW.genesis


@pytest.mark.parametrize("written", [0, 1, 2])
def test_another_document_is_refused_whatever_has_been_written(home: Home, written: int) -> None:
    begin(home, batches=written)
    home.genesis.write_bytes(make_test_chain(2).chain.document.to_bytes())
    with pytest.raises(HomeError, match="is not the document that"):
        open_home(home)
    home.genesis.write_bytes(NEW.document.to_bytes())
    assert start(home).genesis == NEW.genesis


@pytest.mark.parametrize("written", [0, 1, 2])
def test_an_interrupted_first_start_is_done_again(home: Home, written: int) -> None:
    begin(home, batches=written)
    start(home)
    assert contents(home) == sorted((key, value) for key, value in NEW.genesis_writes() if value is not None)


@pytest.mark.parametrize(
    ("key", "problem"),
    [(TIP_KEY, "the tip: it is missing"), (GENESIS_KEY, "the genesis: it is missing")],
)
def test_a_used_store_without_its_tip_or_genesis_is_not_begun_again(home: Home, key: bytes, problem: str) -> None:
    start(home)
    stores, _ = open_home(home)
    stores.state.write([(key, None)], sync=True)
    stores.close()
    with pytest.raises(RecordDamaged, match=problem):
        start(home)


def test_records_of_something_else_are_not_begun_upon(home: Home) -> None:
    stores, _ = open_home(home)
    stores.state.write([(FILE_KEY, None), (b"other", b"")], sync=True)
    stores.close()
    with pytest.raises(RecordDamaged, match="the tip: it is missing, and there are other records"):
        open_home(home)


@pytest.mark.parametrize(("data", "problem"), [(None, "is missing; put"), (b"{}", "modules: this field is missing")])
def test_a_document_that_cannot_be_had_is_named(home: Home, data: bytes | None, problem: str) -> None:
    home.genesis.unlink()
    if data is not None:
        home.genesis.write_bytes(data)
    with pytest.raises(HomeError, match=problem) as caught:
        open_home(home)
    assert str(home.genesis) in str(caught.value)


def begin(home: Home, *, batches: int) -> None:
    """Start on an empty home and stop after some batches of the first state, each of two records."""
    stores, chain = open_home(home)
    try:
        assert isinstance(chain, NewChain)
        written = chain.genesis_writes()[: 2 * batches]
        stores.state.write(written, sync=True)
    finally:
        stores.close()
