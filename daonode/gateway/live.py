"""What happens on the chain, as it is indexed: one watcher of the store for all who follow.

The store is the only source: the watcher reads what is new once and keeps the latest of it in memory, and whoever is
further behind reads the store itself. Both give the same rows in the same order, so there is no seam at which something
could be lost or told twice, and nobody has a queue here: a follower is a position and nothing more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

import structlog
import trio

from daonode.primitives.positions import Position
from daonode.stores.access import Between, Head, Reader, Snapshot, Value
from daonode.stores.errors import StoreError
from daonode.stores.rows import Row
from daonode.stores.tables import BLOCKS, EVENTS, MOVES, Table

if TYPE_CHECKING:
    from trio_typing import TaskStatus

R_co = TypeVar("R_co", bound=Row, covariant=True)
WATCH_S: Final = 0.05
"""How often the store is asked how far it is."""
MAX_RECENT_ROWS: Final = 5_000
"""Rows of all logs that are kept; whole blocks are dropped, the oldest first."""
MAX_ROWS_A_READ: Final = 256
"""Rows that one read of a follower takes out of the store."""
MAX_READS_AT_ONCE: Final = 2
"""Threads that read for followers who are behind; the next waits its turn."""
END_INDEX: Final = 9_999_999_999
"""Above the index of everything in a block."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Log(Generic[R_co]):
    """Rows of a table that are only ever added, in the order of their positions."""

    table: Table[R_co]
    where: Mapping[str, Value] = field(default_factory=dict)

    @property
    def order(self) -> tuple[str, ...]:
        """The fields that are a row's position; a block is the first of what is in it."""
        return ("height", "position") if "position" in self.table.row.__struct_fields__ else ("height",)

    def position(self, row: Row) -> Position:
        """Where a row stands."""
        height, *index = (getattr(row, name) for name in self.order)
        return Position(height, index[0] if index else 0)


ADDED_BLOCKS: Final = Log(BLOCKS)
STATUS_CHANGES: Final = Log(MOVES)
CAST_VOTES: Final = Log(EVENTS, {"type": "governance.VoteCast"})
LOGS: Final[tuple[Log[Row], ...]] = (ADDED_BLOCKS, STATUS_CHANGES, CAST_VOTES)


@dataclass(frozen=True, slots=True)
class Interest:
    """What somebody follows: rows of a log that have some values, and pass."""

    log: Log[Row]
    where: Mapping[str, Value] = field(default_factory=dict)
    passes: Callable[[Row], bool] = lambda _: True

    def concerns(self, row: Row) -> bool:
        """Whether a row of the log is among what is followed."""
        return all(getattr(row, name) == value for name, value in self.where.items()) and self.passes(row)


@dataclass(frozen=True, slots=True)
class _Block:
    """The rows of each log in one block."""

    height: int
    rows: tuple[tuple[Row, ...], ...]

    def count(self) -> int:
        return sum(map(len, self.rows))


@dataclass(frozen=True, slots=True)
class _New:
    """What was new at a look; no blocks where it is more than is kept."""

    head: Head
    blocks: list[_Block] | None


class Live:
    """Watches one store. `run` must be running for anybody to be told of anything new."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._head: Head | None = None
        self._floor = 0
        self._recent: deque[_Block] = deque()
        self._count = 0
        self._moved = trio.Event()
        self._threads = trio.CapacityLimiter(MAX_READS_AT_ONCE)

    @property
    def head(self) -> Head | None:
        """How far the index was a moment ago; None while there is nothing in it."""
        return self._head

    async def run(self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watch until cancelled; starts after the first look. A store that cannot be read is asked again."""
        failure = ""
        is_started = False
        while True:
            try:
                await self._look()
                failure = ""
            except StoreError as error:
                if str(error) != failure:
                    failure = str(error)
                    log.warning("the index cannot be read", reason=failure)
            if not is_started:
                is_started = True
                task_status.started()
            await trio.sleep(WATCH_S)

    async def follow(self, interest: Interest, after: Position) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of interest after a position, some at a time, in order, without end.

        Raises:
            StoreError: the store cannot be read.
        """
        while True:
            height = 0 if self._head is None else self._head.height
            if after >= Position(height, END_INDEX):
                await self._moved.wait()
                continue
            if after >= Position(self._floor, END_INDEX):
                rows, after = self._remembered(interest, after), Position(height, END_INDEX)
            else:
                rows, after = await trio.to_thread.run_sync(self._read, interest, after, limiter=self._threads)
            found = [row for row in rows if interest.concerns(row)]
            if found:
                yield found

    def _remembered(self, interest: Interest, after: Position) -> list[Row]:
        place = LOGS.index(interest.log)
        blocks = (block for block in self._recent if block.height >= after.height)
        return [row for block in blocks for row in block.rows[place] if interest.log.position(row) > after]

    def _read(self, interest: Interest, after: Position) -> tuple[list[Row], Position]:
        """Some rows after a position, and the position up to which these are all."""
        with self._reader.snapshot() as rows:
            head = rows.head()
            found = rows.page(
                interest.log.table,
                order=interest.log.order,
                where={**interest.log.where, **interest.where},
                after=(after.height, after.index)[: len(interest.log.order)],
                limit=MAX_ROWS_A_READ,
            )
        if len(found) == MAX_ROWS_A_READ:
            return found, interest.log.position(found[-1])
        return found, after if head is None else max(after, Position(head.height, END_INDEX))

    async def _look(self) -> None:
        head = await trio.to_thread.run_sync(self._reader.head)
        if head is None or (self._head is not None and head.height <= self._head.height):
            return
        if self._head is None:
            self._floor = head.height
        else:
            read = await trio.to_thread.run_sync(self._read_new, self._head.height)
            head = read.head
            if read.blocks is None:
                self._recent.clear()
                self._count, self._floor = 0, head.height
            else:
                self._remember(read.blocks)
        self._head = head
        self._moved.set()
        self._moved = trio.Event()

    def _read_new(self, above: int) -> _New:
        """What came above a height."""
        with self._reader.snapshot() as rows:
            head = rows.head()
            assert head is not None, "a store that had a head has one"
            if head.height - above > MAX_RECENT_ROWS:
                return _New(head, None)
            by_height: dict[int, list[list[Row]]] = {
                height: [[] for _ in LOGS] for height in range(above + 1, head.height + 1)
            }
            for place, each in enumerate(LOGS):
                found = _rows_of(rows, each, above)
                if len(found) > MAX_RECENT_ROWS:
                    return _New(head, None)
                for row in found:
                    by_height[each.position(row).height][place].append(row)
        return _New(head, [_Block(height, tuple(map(tuple, found))) for height, found in by_height.items()])

    def _remember(self, blocks: list[_Block]) -> None:
        self._recent.extend(blocks)
        self._count += sum(block.count() for block in blocks)
        while self._count > MAX_RECENT_ROWS:
            dropped = self._recent.popleft()
            self._count -= dropped.count()
            self._floor = dropped.height


def _rows_of(rows: Snapshot, each: Log[Row], above: int) -> list[Row]:
    where: dict[str, Value | Between] = {**each.where, "height": Between(above + 1)}
    return cast("list[Row]", rows.page(each.table, order=each.order, where=where, limit=MAX_RECENT_ROWS + 1))
