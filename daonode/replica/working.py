"""The blocks that consensus wants executed or built: one job at a time, in the order in which they were asked for.

While a job is under way, consensus goes on: it hears votes and timeouts, commits, and changes its mind. So a job is
begun only if its parent still stands, and its outcome counts only if it still does. Bounded by the block tree of
consensus, which asks for each block once, and for one of its own a round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from daonode.consensus import events as core_events
from daonode.consensus.effects import Build, Execute
from daonode.consensus.types import Block
from daonode.primitives.ids import BlockId
from daonode.replica.admission import Admission
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.jobs import Building, Done, Execution, Failed, Job, Outcome, Refused
from daonode.replica.pacing import Pacing

MAX_CANDIDATES = 2_048
"""Transactions from which a block is built: more than use up the largest target, at the least gas that one can use."""


class Work:
    """What waits to be executed or built, and the job that is under way."""

    def __init__(self, executed: ExecutedBlocks, admission: Admission, pacing: Pacing) -> None:
        self._executed = executed
        self._admission = admission
        self._pacing = pacing
        self._waiting: deque[Execute | Build] = deque()
        self._job: Job | None = None
        self._built: BlockId | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way or waits."""
        return self._job is not None or bool(self._waiting)

    def ask(self, order: Execute | Build) -> None:
        """Have something done when its turn comes."""
        self._waiting.append(order)

    def next_job(self, *, now_ms: int) -> Job | None:
        """The job to begin now: none while another is under way, or when nothing waits whose parent still stands."""
        while self._job is None and self._waiting:
            order = self._waiting.popleft()
            parent_id = order.parent.id() if isinstance(order, Build) else order.block.header.parent_id
            if self._executed.stands(parent_id):
                self._job = self._job_of(order, parent_id, now_ms=now_ms)
                return self._job
        return None

    def end(self, job: Job, outcome: Outcome, *, now_ms: int) -> core_events.Event | None:
        """Take a job's outcome: what consensus is told of it, nothing where it has come too late.

        Raises whatever a job has raised whose parent stands.
        """
        assert job is self._job, "one job is under way at a time"
        self._job = None
        if not self._executed.is_ground(job.ground, job.parent_id):
            return None
        match outcome:
            case Failed():
                raise outcome.error
            case Refused():
                assert isinstance(job, Execution), "what was built here states what it does"
                return core_events.BlockExecuted(now_ms, job.block.header.id(), outcome.reason)
            case Done():
                self._executed.take(outcome)
        block_id = outcome.block.header.id()
        if isinstance(job, Execution):
            return core_events.BlockExecuted(now_ms, block_id, None, outcome.work_ms)
        self._built = block_id
        self._admission.drop_skipped(outcome.skipped)
        return core_events.BlockBuilt(now_ms, outcome.block, outcome.work_ms)

    def why_not(self, block: Block) -> str:
        """What is wrong with a refused block, for the operator: it is executed once more."""
        outcome = Execution(self._executed.ground(block.header.parent_id), block).run()
        return outcome.reason if isinstance(outcome, Refused) else "now it has those roots"

    def settle(self, is_wanted: Callable[[BlockId], bool]) -> None:
        """Forget a block that was built and is not wanted: its round was over. Others may have its transactions."""
        if self._built is not None and not is_wanted(self._built):
            self._executed.forget(self._built)
        self._built = None

    def begin_epoch(self) -> None:
        """Nothing that was asked for in the last epoch is wanted."""
        self._waiting.clear()
        self._built = None

    def _job_of(self, order: Execute | Build, parent_id: BlockId, *, now_ms: int) -> Job:
        ground = self._executed.ground(parent_id)
        if isinstance(order, Execute):
            return Execution(ground, order.block)
        failed_rounds = max(0, order.round - order.parent.round - 1)
        return Building(
            ground,
            order,
            time_ms=max(order.time_ms, now_ms),
            candidates=tuple(islice(self._admission.candidates(parent_id), MAX_CANDIDATES)),
            evidence=self._admission.accusations.candidates(parent_id),
            gas_target=self._pacing.target(failed_rounds=failed_rounds),
        )
