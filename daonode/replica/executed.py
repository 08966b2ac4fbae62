"""Blocks above the committed tip that have been executed: each one's result, and the state after it.

States of uncommitted blocks are overlays on their parents, forks side by side. Committing a block makes it the root;
it is read from the storage one step later (`settle`), when its batch has been written and the storage says the same.
Nothing is executed here: that is what jobs do (`jobs.py`), each on the ground that its parent's state is.

Bounded by the block tree of consensus (`consensus.tree`): only its blocks are taken in here, each once (it
remembers what was refused), and both forget what does not descend from a new root. A block that was built and that
consensus did not take is forgotten by `forget`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daonode.consensus.types import Block, Header, ValidatorSet
from daonode.genesis.initial import ValidatorSource
from daonode.ledger.application import Application
from daonode.ledger.session import NO_TRANSACTION
from daonode.ledger.tree import WarmNodes
from daonode.ledger.versions import StateVersion, WarmValues
from daonode.primitives.ids import BlockId, TxId
from daonode.replica.archive import StateAtTip
from daonode.replica.jobs import Done, Ground


@dataclass(frozen=True, slots=True)
class Executed:
    """One executed block above the root, the state after it, and which transactions it has."""

    done: Done
    version: StateVersion
    transactions: frozenset[TxId]


class ExecutedBlocks:
    """The committed root and what has been executed on top of it. `validators` is the set of the root's next block."""

    def __init__(
        self,
        application: Application,
        *,
        source: ValidatorSource,
        validators: ValidatorSet,
        root: Header,
        state: StateAtTip,
    ) -> None:
        self._application = application
        self._source = source
        self._validators = validators
        self._state = WarmValues(state)
        self._nodes = WarmNodes(state)
        self._root = root
        self._root_id = root.id()
        self._root_version = StateVersion(
            height=root.height, time_ms=root.time_ms, root=root.state_root, state=self._state, nodes=self._nodes
        )
        self._blocks: dict[BlockId, Executed] = {}
        self._included: dict[TxId, int] = {}
        """In how many of the blocks each transaction stands."""
        self._revision = 0
        # Parents stand before children, since a block is executed after its parent.
        self._unsettled: list[StateVersion] = []

    @property
    def root(self) -> Header:
        """The committed tip."""
        return self._root

    @property
    def root_version(self) -> StateVersion:
        """The committed state."""
        return self._root_version

    @property
    def revision(self) -> int:
        """A number that changes whenever `includes` may give another answer."""
        return self._revision

    def includes(self, tx_id: TxId) -> bool:
        """Whether an uncommitted block, on whichever fork, has this transaction."""
        return tx_id in self._included

    def included_on(self, block_id: BlockId) -> frozenset[TxId]:
        """The transactions of the uncommitted blocks that lead to a block, with its own."""
        return frozenset[TxId]().union(*(executed.transactions for executed in self._path(block_id)))

    def evidence(self) -> Iterator[bytes]:
        """What the uncommitted blocks, on whichever fork, carry against validators."""
        for executed in self._blocks.values():
            yield from executed.done.result.evidence

    def version(self, block_id: BlockId) -> StateVersion:
        """The state after the root or an executed block."""
        found = self._version(block_id)
        assert found is not None, f"the block {block_id.hex()} has not been executed"
        return found

    def stands(self, block_id: BlockId) -> bool:
        """Whether a block is the root or has been executed on top of it."""
        return self._version(block_id) is not None

    def forget(self, block_id: BlockId) -> None:
        """Let go of a block without children."""
        executed = self._blocks.pop(block_id, None)
        if executed is not None:
            self._let_go(executed)

    def ground(self, parent_id: BlockId) -> Ground:
        """What a block on the root or on an executed block stands on."""
        return Ground(
            self._application,
            self._source,
            validators=self._validators,
            version=self.version(parent_id),
            is_suffix=self._is_suffix(parent_id),
        )

    def is_ground(self, ground: Ground, parent_id: BlockId) -> bool:
        """Whether that is still what a block on `parent_id` stands on: it is of this epoch, and not abandoned."""
        return ground.validators is self._validators and self._version(parent_id) is ground.version

    def take(self, done: Done) -> None:
        """Have a block that was executed on its ground stand here."""
        header = done.block.header
        version = self.version(header.parent_id).child(done.result, height=header.height, time_ms=header.time_ms)
        receipts = done.result.receipts
        transactions = frozenset(receipt.tx_id for receipt in receipts if receipt.tx_id != NO_TRANSACTION)
        block_id = header.id()
        self.forget(block_id)
        self._blocks[block_id] = Executed(done, version, transactions)
        self._revision += 1
        for receipt in receipts:
            if receipt.tx_id in transactions:
                self._included[receipt.tx_id] = self._included.get(receipt.tx_id, 0) + 1

    def commit(self, header: Header) -> Done:
        """Make an executed child of the root the root; whatever does not descend from it is forgotten.

        After the last block of an epoch everything is: what descends from it never commits.
        """
        block_id = header.id()
        executed = self._blocks[block_id]
        assert header.parent_id == self._root_id, f"the block at height {header.height} does not extend the root"
        self._root, self._root_id, self._root_version = header, block_id, executed.version
        self._unsettled.append(executed.version)
        self._state.remember(executed.done.result.writes)
        self._nodes.remember(executed.done.result.nodes)
        self._let_go(executed)
        kept: dict[BlockId, Executed] = {}
        for candidate_id, candidate in self._blocks.items():
            parent_id = candidate.done.block.header.parent_id
            if may_be_followed(header) and (parent_id == block_id or parent_id in kept):
                kept[candidate_id] = candidate
            elif candidate_id != block_id:
                self._let_go(candidate)
        self._blocks = kept
        if executed.done.next_validators is not None:
            self._validators = executed.done.next_validators
        return executed.done

    def path(self, block_id: BlockId) -> tuple[Block, ...]:
        """The executed blocks above the root that lead to a block, ascending, with it; none if it is not here."""
        return tuple(executed.done.block for executed in reversed(self._path(block_id)))

    def settle(self) -> None:
        """The batches of all commits so far have been written: committed versions read the storage from now on."""
        for version in self._unsettled:
            version.settle(state=self._state, nodes=self._nodes)
        self._unsettled.clear()

    def _is_suffix(self, parent_id: BlockId) -> bool:
        """Whether a block on this parent stands after the last of the epoch."""
        parent = self._blocks.get(parent_id)
        return parent is not None and parent.done.block.header.closes_epoch

    def _version(self, block_id: BlockId) -> StateVersion | None:
        if block_id == self._root_id:
            return self._root_version
        executed = self._blocks.get(block_id)
        return None if executed is None else executed.version

    def _path(self, block_id: BlockId) -> list[Executed]:
        """The executed blocks from `block_id` down to above the root."""
        path: list[Executed] = []
        while (executed := self._blocks.get(block_id)) is not None:
            path.append(executed)
            block_id = executed.done.block.header.parent_id
        return path

    def _let_go(self, executed: Executed) -> None:
        """Take a block's transactions out of the count."""
        self._revision += 1
        for receipt in executed.done.result.receipts:
            if receipt.tx_id not in executed.transactions:
                continue
            self._included[receipt.tx_id] -= 1
            if not self._included[receipt.tx_id]:
                del self._included[receipt.tx_id]


def may_be_followed(committed: Header) -> bool:
    """Whether blocks above a committed one may be committed too: not above the last of an epoch."""
    return not committed.ends_epoch
