"""Fetching blocks that are missing, and serving them.

A validator that learns of a certified block it does not have asks a holder for everything above its own committed tip:
committed blocks come with one proof over the last of them, uncommitted ones lead to the certified tip. Either way the
answer proves itself backwards by parent hashes. One request is under way at a time; a holder that does not answer in
`REQUEST_TIMEOUT_MS`, or answers wrongly, is passed over for the next, for as long as the block is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from daonode.consensus.errors import Malformed
from daonode.consensus.types import Block, Header, proof_block
from daonode.consensus.verification import Verifier
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.replica.archive import Archive
from daonode.replica.events import PeerId
from daonode.replica.messages import MAX_BLOCKS_A_RESPONSE, MAX_RESPONSE_BYTES, BlockRequest, BlockResponse

REQUEST_TIMEOUT_MS = 2_000


@dataclass(slots=True)
class BlockSync:
    """The one fetch that may be under way: for `tip`, from `holders` in turn."""

    tip: BlockId | None = None
    round: int = 0
    """Of the certificate that tells of `tip`: once as late a block is committed, `tip` is committed or abandoned."""
    holders: tuple[PeerId, ...] = ()
    """Who may have the blocks, and is connected; the first is the next to be asked."""
    asked: PeerId | None = None
    """Who owes an answer; None while all holders have been asked in vain and the timer has to pass."""
    passed_over: int = 0
    """How many have been asked in vain, one after the other."""
    in_range: bool = False
    """Whether committed blocks have come: this node is behind, and signs nothing until it has caught up."""

    def start(self, *, tip: BlockId, round_: int, holders: tuple[PeerId, ...]) -> None:
        """Begin to fetch `tip`; `holders` is not empty."""
        self.tip, self.round, self.holders, self.passed_over = tip, round_, holders, 0

    def ask(self, *, above_height: int) -> tuple[PeerId, BlockRequest]:
        """Ask the holder whose turn it is."""
        assert self.tip is not None, "a fetch has been started"
        self.asked = self.holders[0]
        return self.asked, BlockRequest(above_height=above_height, tip=self.tip)

    def pass_over(self, connected: Iterable[PeerId]) -> bool:
        """The holder that was asked is of no use now: it is the next one's turn. Whether that is to be asked at once.

        Who has disconnected is left out, who has connected is a holder too. When each has been asked in vain the timer
        comes first, so that nobody is asked in a loop.
        """
        reachable = dict.fromkeys(connected)
        turned = self.holders[1:] + self.holders[:1]
        kept = tuple(holder for holder in turned if holder in reachable)
        # A new one comes before those that have been asked already.
        self.holders = tuple(peer for peer in reachable if peer not in turned) + kept
        self.asked, self.passed_over = None, self.passed_over + 1
        if self.passed_over < len(self.holders):
            return True
        self.passed_over = 0
        return False

    def stop(self) -> None:
        """The fetch has ended."""
        self.tip, self.round, self.holders, self.asked, self.passed_over = None, 0, (), None, 0
        self.in_range = False


def check_response(response: BlockResponse, *, root: Header, tip: BlockId, verifier: Verifier) -> None:
    """Check that a response proves its blocks: an unbroken chain from `root`, to a proof or to the certified `tip`.

    Raises:
        PeerError: no honest peer sends this.
    """
    if response.above_height != root.height:
        raise Malformed(reason=f"blocks above {response.above_height} were not asked for")
    last = response.blocks[-1].header.id()
    if response.proof is not None:
        verifier.check_proof(response.proof)
        if proof_block(response.proof) != last:
            raise Malformed(reason="the proof is for another block than the last")
    elif last != tip:
        raise Malformed(reason="the blocks carry no proof and do not lead to the certified block")
    verifier.check_fetched(response.blocks, tip=last)
    first = response.blocks[0].header
    if first.parent_id != root.id():
        raise Malformed(reason=f"the block at height {first.height} does not extend what is committed")
    for height, block in enumerate(response.blocks, start=root.height + 1):
        if block.header.height != height:
            raise Malformed(reason=f"a block says height {block.header.height} at height {height}")


def serve(request: BlockRequest, *, archive: Archive, path_to: Callable[[BlockId], tuple[Block, ...]]) -> BlockResponse:
    """Answer a request: committed blocks first; above the committed tip, the uncommitted `path_to(tip)`.

    A range of committed blocks ends at the highest height within bounds that has a proof of its own.
    """
    tip_height = archive.tip().height
    if request.above_height >= tip_height:
        blocks = path_to(request.tip) if request.above_height == tip_height else ()
        return BlockResponse(above_height=request.above_height, blocks=blocks[:MAX_BLOCKS_A_RESPONSE], proof=None)
    blocks_taken: list[Block] = []
    size = 0
    proven, proof = 0, None
    for height in range(request.above_height + 1, tip_height + 1):
        committed, block = archive.committed(height), archive.block_at(height)
        if committed is None or block is None:
            break
        size += len(encode(block))
        if proven and (size > MAX_RESPONSE_BYTES or len(blocks_taken) >= MAX_BLOCKS_A_RESPONSE):
            break
        blocks_taken.append(block)
        if committed.proof is not None:
            proven, proof = len(blocks_taken), committed.proof
    return BlockResponse(above_height=request.above_height, blocks=tuple(blocks_taken[:proven]), proof=proof)
