"""Fetching the blocks that consensus misses (`Core.missing`).

A validator that learns of a certified block it does not have asks a peer for everything above its own committed tip:
committed blocks come with one proof over the last of them, uncommitted ones lead to the certified block. Either way the
answer proves itself backwards by parent hashes. One request is under way at a time. Who does not answer in
`REQUEST_TIMEOUT_MS`, has nothing, or answers wrongly goes to the end of the line; when all have been asked in vain the
next request waits for the timer, or for whoever connects. This goes on for as long as something is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus import events as core_events
from daonode.consensus.core import Core
from daonode.consensus.epochs import check_final
from daonode.consensus.errors import Malformed, PeerError
from daonode.consensus.types import Block, Finality, Header
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import BlockId
from daonode.replica.effects import CancelTimer, Effect, PeerFault, Send, SetTimer
from daonode.replica.events import PeerId
from daonode.replica.messages import NO_BLOCK, BlockRequest, BlockResponse

REQUEST_TIMEOUT_MS = 2_000
SYNC_TIMER = "sync"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a peer owes the answer to."""

    peer: PeerId
    request: BlockRequest
    root_id: BlockId
    """The committed tip at the time, which the answer must extend."""


class BlockSync:
    """The fetch that may be under way. Its methods return effects; `react` follows everything that may have changed."""

    def __init__(self, core: Core, verifier: Verifier) -> None:
        self._core = core
        self._verifier = verifier
        self._line: list[PeerId] = []
        """Everyone who is connected; the first is the next to be asked."""
        self._asked: Asked | None = None
        self._judged: Asked | None = None
        """The request whose answer consensus has just been given: the same again would bring the same again."""
        self._in_vain = 0
        """How many have been asked in vain, one after the other."""
        self._waits_for_timer = False
        self._timer_runs = False
        self._catching_up = False
        self._looks_beyond = False
        """Whether there may be committed blocks that no certificate of this epoch tells of."""

    @property
    def catching_up(self) -> bool:
        """Whether committed blocks have come and more are missing: until then nothing is signed."""
        return self._catching_up

    @property
    def connected(self) -> tuple[PeerId, ...]:
        """Everyone who may be asked, the next first."""
        return tuple(self._line)

    def connect(self, peer: PeerId) -> None:
        """A peer may be asked, and before all others: those may have been asked already."""
        if peer not in self._line:
            self._line.insert(0, peer)
        self._waits_for_timer = False

    def disconnect(self, peer: PeerId) -> None:
        """A peer cannot answer any more."""
        if peer in self._line:
            self._line.remove(peer)
        if self._asked is not None and self._asked.peer == peer:
            self._asked = None

    def enter_epoch(self, core: Core, *, now_ms: int) -> tuple[core_events.Event, ...]:
        """Go on for the core of the next epoch, which is told the returned events. Who was behind looks further."""
        self._core = core
        self._asked = self._judged = None
        if not self._catching_up:
            return ()
        self._looks_beyond = True
        return (core_events.CatchingUpChanged(now_ms, active=True),)

    def look_beyond(self, peer: PeerId) -> None:
        """A peer speaks of a later epoch: it has, or lies about, blocks that end this one."""
        self.prefer((peer,))
        self._looks_beyond = True

    def prefer(self, holders: tuple[PeerId, ...]) -> None:
        """Move those who have signed for the missing block to the front; they keep their order among themselves."""
        self._line.sort(key=lambda peer: peer not in holders)

    def on_timer(self) -> None:
        """The peer that was asked is silent, or enough time has passed since all were asked in vain."""
        self._timer_runs = False
        self._waits_for_timer = False
        if self._asked is not None:
            self._pass_over(self._asked.peer)

    def take(
        self, peer: PeerId, response: BlockResponse, *, now_ms: int
    ) -> tuple[tuple[Effect, ...], tuple[core_events.Event, ...]]:
        """Judge an answer: what is to be done about it, and what consensus is to be told, in this order."""
        asked = self._asked
        # An honest peer may answer late, when it has been passed over or the question is another one by now.
        if asked is None or peer != asked.peer or not _answers(response, asked.request):
            return (), ()
        self._asked = None
        if not response.blocks:
            # The next word of a later epoch asks again.
            self._looks_beyond = self._looks_beyond and asked.request.tip != NO_BLOCK
            self._pass_over(peer)
            return (), ()
        try:
            check_response(response, root_id=asked.root_id, verifier=self._verifier)
        except PeerError as error:
            self._pass_over(peer)
            return (PeerFault(peer, f"sent blocks that do not prove themselves: {error}"),), ()
        self._judged = asked
        fresh = _above(response, self._core.root)
        if not fresh:
            return (), ()
        events: list[core_events.Event] = []
        if response.proof is not None and not self._catching_up:
            self._catching_up = True
            events.append(core_events.CatchingUpChanged(now_ms, active=True))
        finality = None if response.proof is None else Finality(response.proof, response.descendants)
        events.append(core_events.BlocksFetched(now_ms, fresh, finality))
        return (), tuple(events)

    def react(self, *, now_ms: int) -> tuple[tuple[Effect, ...], tuple[core_events.Event, ...]]:
        """Ask for what is missing, or end when nothing is. Running it again at once gives nothing."""
        missing = self._core.missing
        if missing is None and self._looks_beyond:
            missing = NO_BLOCK
        if missing is None:
            return self._stop(now_ms)
        if self._asked is not None:
            return (), ()
        request = BlockRequest(above_height=self._core.root.height, tip=missing)
        judged, self._judged = self._judged, None
        if judged is not None and judged.request == request:
            self._pass_over(judged.peer)
        elif judged is not None:
            self._in_vain = 0
        if not self._line or (self._waits_for_timer and self._timer_runs):
            return (), ()
        effects: list[Effect] = []
        if not self._waits_for_timer:
            self._asked = Asked(self._line[0], request, self._core.root.id())
            effects.append(Send(self._line[0], request))
        self._timer_runs = True
        effects.append(SetTimer(SYNC_TIMER, now_ms + REQUEST_TIMEOUT_MS))
        return tuple(effects), ()

    def _pass_over(self, peer: PeerId) -> None:
        """A peer is of no use now: it goes to the end of the line."""
        self._asked = None
        if peer in self._line:
            self._line.remove(peer)
            self._line.append(peer)
        self._in_vain += 1
        if self._in_vain >= len(self._line):
            self._in_vain = 0
            self._waits_for_timer = True

    def _stop(self, now_ms: int) -> tuple[tuple[Effect, ...], tuple[core_events.Event, ...]]:
        effects: tuple[Effect, ...] = (CancelTimer(SYNC_TIMER),) if self._timer_runs else ()
        events: tuple[core_events.Event, ...] = ()
        if self._catching_up:
            events = (core_events.CatchingUpChanged(now_ms, active=False),)
        self._asked, self._judged, self._in_vain = None, None, 0
        self._waits_for_timer = self._timer_runs = self._catching_up = False
        return effects, events


def check_response(response: BlockResponse, *, root_id: BlockId, verifier: Verifier) -> None:
    """Check that a response proves its blocks: an unbroken chain from `root_id` to a proof, or to the certified `tip`.

    Raises:
        PeerError: no honest peer sends this.
    """
    last = response.blocks[-1].header.id()
    if response.proof is not None:
        header, descendants = response.blocks[-1].header, response.descendants
        check_final(header, proof=response.proof, descendants=descendants, verifier=verifier)
    elif not leads_to_tip(response):
        raise Malformed(reason="the blocks carry no proof and do not lead to the certified block")
    verifier.check_fetched(response.blocks, tip=last)
    first = response.blocks[0].header
    if first.parent_id != root_id:
        raise Malformed(reason=f"the block at height {first.height} does not extend what was committed")
    for height, block in enumerate(response.blocks, start=response.above_height + 1):
        if block.header.height != height:
            raise Malformed(reason=f"a block says height {block.header.height} at height {height}")


def leads_to_tip(response: BlockResponse) -> bool:
    """Whether the last of the blocks is the one that was asked for, which a certificate tells of."""
    return response.blocks[-1].header.id() == response.tip


def _answers(response: BlockResponse, request: BlockRequest) -> bool:
    return (response.above_height, response.tip) == (request.above_height, request.tip)


def _above(response: BlockResponse, root: Header) -> tuple[Block, ...]:
    """The blocks above the committed tip, which may have moved on since the question; none when they do not extend it.

    They are on another fork then, which its sender could not know, or have all been committed.
    """
    fresh = response.blocks[root.height - response.above_height :]
    return fresh if fresh and fresh[0].header.parent_id == root.id() else ()
