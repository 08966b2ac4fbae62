"""The committed chain executed again from genesis: roots, receipts and state must come out the same (I5, I7, I8).

The ledger is the product's, for there is no other, but a fresh one: its own application and its own store, which takes
from the nodes nothing but committed headers and payloads. What the nodes have stored is compared with it at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from daonode.consensus.types import ValidatorSet
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.errors import InvalidBlock
from daonode.ledger.versions import StateVersion
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import NewChain
from daonode.testing.broken import AGREEMENT, EXECUTION, ONCE, SUPPLY, InvariantBroken
from daonode.testing.disk import Database
from daonode.testing.electorate import header_id, set_digest, transaction_ids
from daonode.testing.world import World, load_chain

FIRST_KEY, LAST_KEY = b"", b"\xff" * 64


class _Store:
    """The state and the tree nodes at one height."""

    def __init__(self) -> None:
        self._values = Database()
        self._nodes: dict[bytes, bytes] = {}

    def apply(self, result: BlockResult) -> None:
        """Go to the next height."""
        self._values.write(result.writes, sync=True)
        self._nodes.update(result.nodes)

    def get(self, key: bytes, /) -> bytes | None:
        """The value at a state key."""
        return self._values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """State pairs with `start <= key < end`, ascending."""
        return self._values.iterate(start=start, end=end)

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """A node of the state tree."""
        return self._nodes.get(node_key)


@lru_cache(maxsize=4)
def _fresh_chain(document: bytes) -> NewChain:
    """A world's chain, loaded for the oracle alone."""
    return load_chain(document)


def execute_again(world: World, archives: Sequence[Archive]) -> None:
    """Execute what the first node has committed; every node must have stored the outcome.

    Raises:
        InvariantBroken: a root, a receipt or the state differs, a transaction stands twice, or a module's own
            invariant does not hold.
    """
    chain = _fresh_chain(world.chain.document.to_bytes())
    store = _Store()
    store.apply(chain.initial.result)
    header = chain.initial.header
    seen: dict[bytes, int] = {}
    first = archives[0]
    for height in range(header.height + 1, first.tip().height + 1):
        committed, block = first.committed(height), first.block_at(height)
        if committed is None or block is None:
            raise InvariantBroken(AGREEMENT, f"the block of height {height} is committed and not stored")
        parent, header = header, committed.header
        if header_id(block.header) != header_id(header) or header.parent_id != header_id(parent):
            raise InvariantBroken(AGREEMENT, f"the blocks at heights {height - 1} and {height} are no chain")
        for tx_id in transaction_ids(block):
            if tx_id in seen:
                raise InvariantBroken(ONCE, f"transaction {tx_id.hex()[:8]} stands at {seen[tx_id]} and {height}")
            seen[tx_id] = height
        version = StateVersion(
            height=parent.height, time_ms=parent.time_ms, root=parent.state_root, state=store, nodes=store
        )
        members = chain.source.next_validators(version, height)
        following = None if members is None else set_digest(ValidatorSet(epoch=header.epoch + 1, validators=members))
        if header.next_validators_digest != (following or header.validators_digest):
            raise InvariantBroken(EXECUTION, f"height {height} binds another next set than the state before it")
        info = BlockInfo(header.chain_id, height, header.time_ms, header.proposer, header.failed_proposers)
        try:
            result = chain.application.execute(version, info, block.payload)
        except InvalidBlock as error:
            raise InvariantBroken(EXECUTION, f"height {height} cannot be executed: {error}") from error
        if (result.state_root, result.receipts_root) != (header.state_root, header.receipts_root):
            raise InvariantBroken(EXECUTION, f"height {height} executes to other roots than its header states")
        if first.receipts(height) != result.receipts:
            raise InvariantBroken(EXECUTION, f"the stored receipts of height {height} are not those of its execution")
        store.apply(result)
    _compare(store, archives)
    _check_modules(chain, store)


def _compare(store: _Store, archives: Sequence[Archive]) -> None:
    expected = list(store.iterate(FIRST_KEY, LAST_KEY))
    for index, archive in enumerate(archives):
        if list(archive.state_at_tip().iterate(FIRST_KEY, LAST_KEY)) != expected:
            raise InvariantBroken(EXECUTION, f"the state that honest node {index} has stored is not that of execution")


def _check_modules(chain: NewChain, store: _Store) -> None:
    for module in chain.document.registry.modules:
        for name, invariant in module.invariants.items():
            fault = invariant(store)
            if fault is not None:
                raise InvariantBroken(SUPPLY, f"{module.name}, {name}: {fault}")
