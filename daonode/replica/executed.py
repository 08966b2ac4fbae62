"""Blocks above the committed tip that have been executed: each one's result, and the state after it.

States of uncommitted blocks are overlays on their parents, forks side by side. Committing a block makes it the root;
its overlay is let go of one step later (`settle`), when its batch has been written and the storage says the same.

A block after the last of its epoch is not executed: it changes nothing, and its roots are those of its parent.

Bounded by the block tree of consensus (`consensus.tree`): only its blocks are executed here, each once (it
remembers what was refused), and both forget what does not descend from a new root. A block that was built and that
consensus did not take is forgotten by `forget`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from daonode.consensus.effects import Build
from daonode.consensus.types import EMPTY_DIGEST, HEADER_VERSION, Block, Header, ValidatorSet, payload_digest
from daonode.genesis.initial import ValidatorSource
from daonode.ledger.application import EMPTY_PAYLOAD, Application, BuiltBlock
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.errors import InvalidBlock
from daonode.ledger.gas import GAS_A_MS
from daonode.ledger.receipts import receipts_root
from daonode.ledger.session import NO_TRANSACTION
from daonode.ledger.tree import UpperNodes
from daonode.ledger.versions import StateVersion
from daonode.primitives.ids import BlockId, Hash, TxId
from daonode.replica.archive import StateAtTip


@dataclass(frozen=True, slots=True)
class Executed:
    """One executed block above the root. `next_validators` is the set after it where it is the last of its epoch."""

    block: Block
    result: BlockResult
    version: StateVersion
    transactions: frozenset[TxId]
    next_validators: ValidatorSet | None


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
        self._validators_digest = validators.digest()
        self._state = state
        self._nodes = UpperNodes(state)
        self._root = root
        self._root_id = root.id()
        self._root_version = StateVersion(
            height=root.height, time_ms=root.time_ms, root=root.state_root, state=state, nodes=self._nodes
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
            yield from executed.result.evidence

    def work_ms(self, block_id: BlockId) -> int:
        """How long an executed block took by the gas that it used; 0 for one that is not here."""
        executed = self._blocks.get(block_id)
        return 0 if executed is None else sum(each.gas_used for each in executed.result.receipts) // GAS_A_MS

    def version(self, block_id: BlockId) -> StateVersion:
        """The state after the root or an executed block."""
        found = self._version(block_id)
        assert found is not None, f"the block {block_id.hex()} has not been executed"
        return found

    def forget(self, block_id: BlockId) -> None:
        """Let go of a block without children."""
        executed = self._blocks.pop(block_id, None)
        if executed is not None:
            self._let_go(executed)

    def execute(self, block: Block) -> str | None:
        """Execute a block on its parent; returns what is wrong with it, or None when its roots are right."""
        header = block.header
        parent = self._version(header.parent_id)
        assert parent is not None, f"the parent of the block at height {header.height} has not been executed"
        is_suffix = self._is_suffix(header.parent_id)
        try:
            if not is_suffix:
                result = self._application.execute(parent, _info(header), block.payload)
            elif block.payload == EMPTY_PAYLOAD:
                result = _nothing(parent)
            else:
                return "a block after the last of its epoch is not empty"
        except InvalidBlock as error:
            return str(error)
        following = None if is_suffix else self._next_set(parent, height=header.height)
        for name, stated, found in (
            ("state root", header.state_root, result.state_root),
            ("receipts root", header.receipts_root, result.receipts_root),
            ("next validators", header.next_validators_digest, self._next_digest(following, is_suffix=is_suffix)),
        ):
            if stated != found:
                return f"the header states the {name} {stated.hex()}, execution gives {found.hex()}"
        self._add(block, result, parent, following)
        return None

    def build(
        self,
        order: Build,
        *,
        time_ms: int,
        candidates: Iterable[bytes],
        evidence: tuple[bytes, ...] = (),
        gas_target: int | None = None,
    ) -> tuple[Block, BuiltBlock]:
        """Build and execute the block that consensus asks for, with its roots and digests filled in."""
        parent = self._version(order.parent.id())
        assert parent is not None, f"the block at height {order.parent.height} has not been executed"
        info = BlockInfo(
            chain_id=order.parent.chain_id,
            height=order.parent.height + 1,
            time_ms=time_ms,
            proposer=order.proposer,
            failed_proposers=order.failed_proposers,
            evidence=() if order.empty else evidence,
        )
        is_suffix = self._is_suffix(order.parent.id())
        if is_suffix:
            built = BuiltBlock(payload=EMPTY_PAYLOAD, result=_nothing(parent), skipped=())
        else:
            built = self._application.build(parent, info, () if order.empty else candidates, gas_target=gas_target)
        following = None if is_suffix else self._next_set(parent, height=info.height)
        header = Header(
            version=HEADER_VERSION,
            chain_id=info.chain_id,
            epoch=order.epoch,
            height=info.height,
            round=order.round,
            time_ms=time_ms,
            proposer=order.proposer,
            parent_id=order.parent.id(),
            qc_digest=order.qc.digest(),
            tc_digest=EMPTY_DIGEST if order.tc is None else order.tc.digest(),
            payload_digest=payload_digest(built.payload),
            state_root=built.result.state_root,
            receipts_root=built.result.receipts_root,
            validators_digest=self._validators_digest,
            next_validators_digest=self._next_digest(following, is_suffix=is_suffix),
            failed_proposers=order.failed_proposers,
        )
        block = Block(header=header, payload=built.payload, qc=order.qc, tc=order.tc)
        self._add(block, built.result, parent, following)
        return block, built

    def commit(self, header: Header) -> Executed:
        """Make an executed child of the root the root; whatever does not descend from it is forgotten.

        After the last block of an epoch everything is: what descends from it never commits.
        """
        block_id = header.id()
        executed = self._blocks[block_id]
        assert header.parent_id == self._root_id, f"the block at height {header.height} does not extend the root"
        self._root, self._root_id, self._root_version = header, block_id, executed.version
        self._unsettled.append(executed.version)
        self._nodes.remember(executed.result.nodes)
        self._let_go(executed)
        kept: dict[BlockId, Executed] = {}
        for candidate_id, candidate in self._blocks.items():
            parent_id = candidate.block.header.parent_id
            if may_be_followed(header) and (parent_id == block_id or parent_id in kept):
                kept[candidate_id] = candidate
            elif candidate_id != block_id:
                self._let_go(candidate)
        self._blocks = kept
        if executed.next_validators is not None:
            self._validators = executed.next_validators
            self._validators_digest = header.next_validators_digest
        return executed

    def path(self, block_id: BlockId) -> tuple[Block, ...]:
        """The executed blocks above the root that lead to a block, ascending, with it; none if it is not here."""
        return tuple(executed.block for executed in reversed(self._path(block_id)))

    def settle(self) -> None:
        """The batches of all commits so far have been written: committed versions read the storage from now on."""
        for version in self._unsettled:
            version.settle(state=self._state, nodes=self._nodes)
        self._unsettled.clear()

    def _is_suffix(self, parent_id: BlockId) -> bool:
        """Whether a block on this parent stands after the last of the epoch."""
        parent = self._blocks.get(parent_id)
        return parent is not None and parent.block.header.closes_epoch

    def _next_set(self, parent: StateVersion, *, height: int) -> ValidatorSet | None:
        """The next epoch's set where the block of this height on this parent is the last of its epoch, else None."""
        members = self._source.next_validators(parent, height)
        return None if members is None else ValidatorSet(epoch=self._validators.epoch + 1, validators=members)

    def _next_digest(self, following: ValidatorSet | None, *, is_suffix: bool) -> Hash:
        if is_suffix:
            return EMPTY_DIGEST
        return self._validators_digest if following is None else following.digest()

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
            block_id = executed.block.header.parent_id
        return path

    def _add(
        self, block: Block, result: BlockResult, parent: StateVersion, next_validators: ValidatorSet | None
    ) -> None:
        header = block.header
        version = parent.child(result, height=header.height, time_ms=header.time_ms)
        transactions = frozenset(receipt.tx_id for receipt in result.receipts if receipt.tx_id != NO_TRANSACTION)
        block_id = header.id()
        self.forget(block_id)
        self._blocks[block_id] = Executed(block, result, version, transactions, next_validators)
        self._revision += 1
        for receipt in result.receipts:
            if receipt.tx_id in transactions:
                self._included[receipt.tx_id] = self._included.get(receipt.tx_id, 0) + 1

    def _let_go(self, executed: Executed) -> None:
        """Take a block's transactions out of the count."""
        self._revision += 1
        for receipt in executed.result.receipts:
            if receipt.tx_id not in executed.transactions:
                continue
            self._included[receipt.tx_id] -= 1
            if not self._included[receipt.tx_id]:
                del self._included[receipt.tx_id]


def may_be_followed(committed: Header) -> bool:
    """Whether blocks above a committed one may be committed too: not above the last of an epoch."""
    return not committed.ends_epoch


def _info(header: Header) -> BlockInfo:
    return BlockInfo(
        chain_id=header.chain_id,
        height=header.height,
        time_ms=header.time_ms,
        proposer=header.proposer,
        failed_proposers=header.failed_proposers,
    )


def _nothing(parent: StateVersion) -> BlockResult:
    """What a block after the last of its epoch does."""
    return BlockResult(
        writes=(),
        nodes=(),
        stale_nodes=(),
        receipts=(),
        state_root=parent.root,
        receipts_root=receipts_root(()),
        next_deadline_ms=None,
    )
