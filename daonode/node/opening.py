"""What a node begins with: its two stores, and the chain that they hold.

The genesis block is executed at the first start and written with what a start needs of it. A later start reads that
from the store, and of the document no more than the hash of its file; the document itself is read again where the
file is another than the last time. No start keeps the document or the first state in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from daonode.genesis.document import GenesisDocument, load_document
from daonode.genesis.errors import GenesisError
from daonode.node.home import Home, HomeError
from daonode.node.storage import Stores, open_stores, stored_chain_id
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import Chain, NewChain, make_chain, stored_chain
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import GENESIS_KEY, TIP_KEY
from daonode.replica.soundness import check_stores

FILE_KEY: Final = b"mgenesis_file"
"""In `state`: the SHA-256 of the genesis document's file as it was last read."""
BATCH_RECORDS: Final = 20_000
"""Records of the first state that are written at a time: LevelDB holds a batch in memory, twice."""


def open_home(home: Home) -> tuple[Stores, Chain]:
    """Open the stores of a home; with the chain of its document, which is a `NewChain` where they do not hold it yet.

    Raises:
        HomeError: the document is missing or not valid, or not the one that the stores were made from.
        StorageError: a store cannot be opened.
        RecordDamaged: the records of a store are not what a node writes.
    """
    file_hash = _hash_file(home.genesis)
    chain_id = stored_chain_id(home.path)
    document = None
    if chain_id is None:
        document = _read_document(home.genesis)
        chain_id = document.chain.chain_id
    with ExitStack() as undo:
        stores = open_stores(home.path, chain_id=chain_id)
        undo.callback(stores.close)
        chain = _known_chain(stores, home, file_hash=file_hash)
        if chain is None:
            document = document or _read_document(home.genesis)
            chain = _chain_of(document, stores, home, file_hash=file_hash)
            stores.state.write([(FILE_KEY, file_hash)], sync=True)
        undo.pop_all()
    return stores, chain


def prepare_stores(stores: Stores, chain: Chain) -> Chain:
    """Write the first state to new stores, or check that those in use are whole; returns the chain that they hold.

    Writing goes on where it was interrupted: the records are the same, and the tip is the last of them.

    Raises:
        RecordDamaged: the records of a store are not what a node writes.
    """
    if stores.state.get(TIP_KEY) is not None:
        check_stores(Archive(stores.blocks, stores.state), genesis=chain.genesis)
        return chain
    if stores.state.get(GENESIS_KEY) is not None or not isinstance(chain, NewChain):
        raise RecordDamaged(store="state", record="the tip", problem="it is missing, and there are other records")
    *records, tip, genesis = chain.genesis_writes()
    for start in range(0, len(records), BATCH_RECORDS):
        stores.state.write(records[start : start + BATCH_RECORDS], sync=False)
    stores.state.write((tip, genesis), sync=True)
    return chain.without_state()


def _known_chain(stores: Stores, home: Home, *, file_hash: bytes) -> Chain | None:
    """The chain that the stores hold, if its document was last read from this very file."""
    stored = Archive(stores.blocks, stores.state).genesis()
    if stored is None or stores.state.get(FILE_KEY) != file_hash:
        return None
    with _naming(home.genesis):
        return stored_chain(stored)


def _chain_of(document: GenesisDocument, stores: Stores, home: Home, *, file_hash: bytes) -> Chain:
    """The chain of a document: the one that the stores hold, or a new one where they hold none."""
    stored = Archive(stores.blocks, stores.state).genesis()
    last_file = stores.state.get(FILE_KEY)
    # Until the last batch only the file is known; what is there may be a part of its first state.
    is_same = last_file in (None, file_hash) if stored is None else bytes(stored.header.parent_id) == document.hash()
    if not is_same:
        raise HomeError(
            f"{home.genesis}, of chain {document.chain.chain_id}, is not the document that {home.data_directory} was "
            "made from; restore that document, or start with an empty home"
        )
    has_tip = stores.state.get(TIP_KEY) is not None
    is_begun = last_file is not None or next(stores.state.iterate(), None) is None
    if stored is None and (has_tip or not is_begun):
        missing = "the genesis" if has_tip else "the tip"
        raise RecordDamaged(store="state", record=missing, problem="it is missing, and there are other records")
    with _naming(home.genesis):
        return make_chain(document) if stored is None else stored_chain(stored)


def _read_document(path: Path) -> GenesisDocument:
    with _naming(path):
        return load_document(path.read_bytes())


def _hash_file(path: Path) -> bytes:
    with _naming(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say of which document a fault is."""
    try:
        yield
    except FileNotFoundError:
        raise HomeError(f"{path} is missing; put the chain's genesis document there") from None
    except GenesisError as error:
        raise HomeError(f"{path}: {error}") from error
