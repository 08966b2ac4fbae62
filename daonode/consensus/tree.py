"""The uncommitted blocks above the committed root, and a short memory of the committed chain below it.

A block is here only when its parent is. Blocks whose parent is unknown wait as orphans, one a proposer. Bounded:
uncertified blocks are taken up to `MAX_UNCERTIFIED`, of them `MAX_UNCERTIFIED_A_ROUND` of a proposer in a round;
certified blocks always, one a round, since the chain has to go on for any of them to be committed, but beyond
`MAX_FULL_BLOCKS` leaders put nothing into new ones (`proposing.py`); committed links, what leader election looks back
on. Knows statuses, not why they change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from daonode.consensus.types import Block, Header, QuorumCertificate
from daonode.primitives.ids import BlockId, Hash, Signature, ValidatorId

MAX_UNCERTIFIED = 4096
MAX_FULL_BLOCKS = 128
"""With this many blocks above the root, leaders propose empty ones only, until a commit."""
MAX_UNCERTIFIED_A_ROUND = 2
"""An equivocating leader is remembered with two blocks of a round; certified blocks are always taken.

Counted for each proposer, because blocks on another parent may name another leader, who must not take the room."""


class BlockStatus(Enum):
    """How far this validator is with a block."""

    KNOWN = "known"
    EXECUTING = "executing"
    EXECUTED = "executed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Link:
    """What leader election needs of a block: who proposed, who failed before, and who certified the parent."""

    id: BlockId
    parent_id: BlockId
    height: int
    proposer: ValidatorId
    failed_proposers: tuple[ValidatorId, ...]
    qc_signers: tuple[int, ...]


def link_of(block: Block) -> Link:
    """The link of a block."""
    header = block.header
    return Link(
        id=header.id(),
        parent_id=header.parent_id,
        height=header.height,
        proposer=header.proposer,
        failed_proposers=header.failed_proposers,
        qc_signers=block.qc.signers,
    )


@dataclass(slots=True)
class Node:
    """A block above the root. `proposal` is the proposer's signature: without it the block is not voted for."""

    block: Block
    link: Link
    status: BlockStatus
    certificate: QuorumCertificate | None
    proposal: Signature | None
    arrived_ms: int
    work_ms: int = 0
    """How long executing it takes a validator that does nothing else."""
    is_final: bool = False
    """A proof of finality covers the block: it is executed and then committed."""
    is_vote_refused: bool = False
    """The signer has refused a vote for it: its round is not justified by what it carries, or was voted in before."""

    @property
    def id(self) -> BlockId:
        """The block id."""
        return self.link.id

    @property
    def header(self) -> Header:
        """The block's header."""
        return self.block.header


class BlockTree:
    """Blocks by id. `root` is the header of the committed tip, `history` its recent blocks, ascending, with the tip."""

    def __init__(self, *, root: Header, history: tuple[Block, ...], links_kept: int, empty_digest: Hash) -> None:
        self.root = root
        self.root_id = root.id()
        self._root_arrived_ms = self._root_work_ms = 0
        self._nodes: dict[BlockId, Node] = {}
        self._orphans: dict[ValidatorId, Node] = {}
        self._committed: deque[Link] = deque((link_of(block) for block in history), maxlen=links_kept)
        self._empty_digest = empty_digest

    def __iter__(self) -> Iterator[Node]:
        """All blocks above the root, parents before children."""
        return iter(tuple(self._nodes.values()))

    def get(self, block_id: BlockId) -> Node | None:
        """The block, when it stands in the tree above the root."""
        return self._nodes.get(block_id)

    def is_known(self, block_id: BlockId) -> bool:
        """Whether the block is the root or stands above it."""
        return block_id == self.root_id or block_id in self._nodes

    def is_executed(self, block_id: BlockId) -> bool:
        """Whether children of the block can be executed."""
        node = self._nodes.get(block_id)
        return block_id == self.root_id or (node is not None and node.status is BlockStatus.EXECUTED)

    def header_of(self, block_id: BlockId) -> Header | None:
        """The header of the root or of a block above it."""
        node = self._nodes.get(block_id)
        if node is not None:
            return node.header
        return self.root if block_id == self.root_id else None

    def insert(self, block: Block, *, proposal: Signature | None, certified: bool, now_ms: int) -> Node | None:
        """Take a block whose parent is known, or keep it as an orphan (then None). None also when there is no room."""
        link = link_of(block)
        known = self._nodes.get(link.id)
        if known is not None:
            known.proposal = known.proposal or proposal
            return known
        if block.header.round <= self.root.round:
            return None
        node = Node(block, link, BlockStatus.KNOWN, None, proposal, now_ms)
        if not self.is_known(link.parent_id):
            self._keep_orphan(node)
            return None
        if not certified and not self._has_room(block.header):
            return None
        self._nodes[link.id] = node
        return node

    def adopt_orphans(self, is_welcome: Callable[[Node], bool]) -> tuple[Node, ...]:
        """Move welcome orphans whose parent has become known into the tree; returns them, parents first."""
        adopted: list[Node] = []
        for proposer, orphan in sorted(self._orphans.items(), key=lambda item: item[1].header.height):
            if orphan.header.round <= self.root.round or self.get(orphan.id) is not None:
                del self._orphans[proposer]
            elif self.is_known(orphan.link.parent_id):
                del self._orphans[proposer]
                if is_welcome(orphan) and self._has_room(orphan.header):
                    self._nodes[orphan.id] = orphan
                    adopted.append(orphan)
        return tuple(adopted)

    def missing_ancestor(self, block_id: BlockId) -> BlockId | None:
        """The block to fetch so that `block_id` can stand in the tree: itself, or the parent of the last orphan."""
        orphans = {orphan.id: orphan for orphan in self._orphans.values()}
        while not self.is_known(block_id):
            orphan = orphans.pop(block_id, None)
            if orphan is None:
                return block_id
            block_id = orphan.link.parent_id
        return None

    def arrived_ms(self, block_id: BlockId) -> int:
        """When a known block came; 0 for a root that was there from the start."""
        node = self._nodes.get(block_id)
        return self._root_arrived_ms if node is None else node.arrived_ms

    def work_ms(self, block_id: BlockId) -> int:
        """How long executing a known block takes; 0 for a root that was there from the start."""
        node = self._nodes.get(block_id)
        return self._root_work_ms if node is None else node.work_ms

    def path(self, block_id: BlockId) -> tuple[Node, ...]:
        """The blocks from above the root up to `block_id`, ascending; empty when it does not stand above the root."""
        nodes: list[Node] = []
        node = self._nodes.get(block_id)
        while node is not None:
            nodes.append(node)
            node = self._nodes.get(node.link.parent_id)
        return tuple(reversed(nodes))

    def links(self, block_id: BlockId) -> Iterator[Link]:
        """The links from `block_id` downwards, through the root, as far as they are remembered."""
        node = self._nodes.get(block_id)
        while node is not None:
            yield node.link
            block_id = node.link.parent_id
            node = self._nodes.get(block_id)
        if block_id == self.root_id:
            yield from reversed(self._committed)

    def commit(self, block_id: BlockId) -> None:
        """Make a block above the root the new root; forget what does not descend from it."""
        path = self.path(block_id)
        assert path, "only a block above the root can be committed"
        self._committed.extend(node.link for node in path)
        self.root, self.root_id = path[-1].header, block_id
        self._root_arrived_ms, self._root_work_ms = path[-1].arrived_ms, path[-1].work_ms
        kept: dict[BlockId, Node] = {}
        for node in self._nodes.values():
            if node.link.parent_id == block_id or node.link.parent_id in kept:
                kept[node.id] = node
        self._nodes = kept

    @property
    def is_overgrown(self) -> bool:
        """Whether so much waits for its commit that nothing should be added to it."""
        return len(self._nodes) >= MAX_FULL_BLOCKS

    def has_unfinished(self) -> bool:
        """Whether a block with transactions, or the last of the epoch, waits for its commit or for that of another."""
        return any(
            node.status is not BlockStatus.REFUSED
            and (node.header.ends_epoch or node.header.payload_digest != self._empty_digest)
            for node in self._nodes.values()
        )

    def _has_room(self, header: Header) -> bool:
        uncertified = [node.header for node in self._nodes.values() if node.certificate is None]
        alike = sum(1 for other in uncertified if (other.round, other.proposer) == (header.round, header.proposer))
        return alike < MAX_UNCERTIFIED_A_ROUND and len(uncertified) < MAX_UNCERTIFIED

    def _keep_orphan(self, node: Node) -> None:
        kept = self._orphans.get(node.header.proposer)
        if kept is None or kept.header.round < node.header.round:
            self._orphans[node.header.proposer] = node
